import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type HubServer, startHub } from "../../test/hub-server.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { randomAdapter, tinyModel } from "../../test/tiny-model.ts";
import { FileError, InputError } from "../errors.ts";
import { readModel } from "../model/read-model.ts";
import { readAdapter, writeAdapter } from "./adapter-file.ts";
import { locateAdapter } from "./hub-adapter.ts";

const folder = temporaryFolder("hub-adapter");
const commit = "0123456789abcdef0123456789abcdef01234567";
const name = "someone/flowers";
const own = join(folder, "own");
const files = new Map<string, Uint8Array>();
let hub: HubServer | undefined;
let round = 0;

beforeAll(async () => {
  await writeAdapter(own, await randomAdapter(tinyModel(), { name: "rlrr" }));
  for (const file of readdirSync(own)) files.set(file, readFileSync(join(own, file)));
});

beforeEach(() => {
  vi.stubEnv("HF_HUB_CACHE", join(folder, `cache${round++}`));
  vi.stubEnv("HF_HUB_OFFLINE", "");
  vi.stubEnv("HF_TOKEN", "");
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await hub?.close();
  hub = undefined;
});

async function serve(served: ReadonlyMap<string, Uint8Array> = files): Promise<HubServer> {
  hub = await startHub({ name, commit, files: served });
  vi.stubEnv("HF_ENDPOINT", hub.url);
  return hub;
}

describe("locateAdapter", () => {
  it("fetches an adapter by its hub id, and then needs no network", async () => {
    await serve();
    const { path } = await locateAdapter(name);
    expect(await readAdapter(path)).toEqual(await readAdapter(own));
    expect(readdirSync(path)).not.toContain("README.md");
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    expect(await locateAdapter(name)).toEqual({ path, notes: [] });
  });

  it("prefers what is here", async () => {
    const { requests } = await serve();
    const here = join(folder, "someone");
    cpSync(own, here, { recursive: true });
    expect(await locateAdapter(here)).toEqual({ path: here, notes: [] });
    expect(await locateAdapter("no/such/folder")).toEqual({ path: "no/such/folder", notes: [] });
    expect(requests).toEqual([]);
  });

  it("refuses a repository that holds no adapter, and one that is missing", async () => {
    await serve(new Map([["model.safetensors", new Uint8Array(8)]]));
    await expect(locateAdapter(name)).rejects.toThrow(
      new FileError("someone/flowers on the hub is no adapter of rlrr: it has no rlrr_adapter.json."),
    );
    await expect(locateAdapter("someone/else")).rejects.toThrow(InputError);
  });

  it("is named where a model is asked for", async () => {
    await serve();
    await expect(readModel(name)).rejects.toThrow("someone/flowers is an adapter, not a model.");
  });
});
