import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type HubServer, startHub } from "../../test/hub-server.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { randomAdapter, tinyModel } from "../../test/tiny-model.ts";
import { EngineError, InputError } from "../errors.ts";
import { writeSafetensors } from "../formats/safetensors.ts";
import { hashWeights } from "../model/hash.ts";
import { rememberPlace } from "../model/model-places.ts";
import { readModel } from "../model/read-model.ts";
import { writeModel } from "../model/write-model.ts";
import { openModel } from "../predict/open-model.ts";
import { writeAdapter } from "./adapter-file.ts";

const root = temporaryFolder("find-base");
const model = tinyModel();
const sha256 = await hashWeights(model);
const name = "someone/tiny-vit";
const commit = "0123456789abcdef0123456789abcdef01234567";
const later = "89abcdef0123456789abcdef0123456789abcdef";
/** A model of the same sizes with other weights. */
const other = {
  ...model,
  weights: new Map(
    [...model.weights].map(([key, { shape }]) => [
      key,
      { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) },
    ]),
  ),
};

const at = (...names: string[]): string => join(root, ...names);
let hub: HubServer | undefined;
let round = 0;
/** Where an adapter lies that a colleague was given. */
let given = "";
let cache = "";
let hubCache = "";

beforeAll(async () => {
  await writeModel(at("base"), model);
  await writeModel(at("other"), other);
});

beforeEach(() => {
  given = at("rounds", String(round++), "downloads", "adapter");
  cache = join(given, "..", "..", "cache");
  hubCache = join(given, "..", "..", "hub");
  vi.stubEnv("RLRR_CACHE", cache);
  vi.stubEnv("HF_HUB_CACHE", hubCache);
  vi.stubEnv("HF_HUB_OFFLINE", "1");
  vi.stubEnv("HF_TOKEN", "");
  vi.stubEnv("HF_ENDPOINT", "https://hub.example");
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await hub?.close();
  hub = undefined;
});

async function give(base: { id: string; revision?: string }): Promise<void> {
  const adapter = await randomAdapter(model, { name: "linear" });
  await writeAdapter(given, { ...adapter, base: { sha256, ...base } });
}

/** A snapshot in the hub's cache. */
function snapshot(repository: string, { at: revision, from }: { at: string; from: string }): string {
  const folder = join(hubCache, `models--${repository.replace("/", "--")}`, "snapshots", revision);
  cpSync(from, folder, { recursive: true });
  return folder;
}

function setMain(repository: string, revision: string): void {
  const refs = join(hubCache, `models--${repository.replace("/", "--")}`, "refs");
  mkdirSync(refs, { recursive: true });
  writeFileSync(join(refs, "main"), revision);
}

const opened = async (source?: string) => {
  const { model: found, notes } = await openModel({ adapter: given, model: source });
  expect(await hashWeights(found)).toBe(sha256);
  return { source: found.source, notes };
};

describe("the base of an adapter that came from elsewhere", () => {
  it.each([
    ["a folder in the adapter's", () => join(given, "base")],
    ["a file beside it, by whatever name", () => join(given, "..", "renamed.safetensors")],
    ["a folder beside it", () => join(given, "..", "weights")],
    ["a file beside its run", () => join(given, "..", "..", "vit.safetensors")],
  ])("is found by its hash: %s", async (_, placed) => {
    await give({ id: "vit.safetensors" });
    cpSync(at("other"), join(given, "..", "a-twin"), { recursive: true });
    const place = placed();
    const isFile = place.endsWith(".safetensors");
    cpSync(isFile ? at("base/model.safetensors") : at("base"), place, { recursive: true });
    expect(await opened()).toEqual({
      source: place,
      notes: [`The base vit.safetensors was found by its hash: ${place}.`],
    });
  });

  it("is found in the hub's cache, under any name", async () => {
    await give({ id: "vit.safetensors" });
    snapshot("a/twin", { at: later, from: at("other") });
    const folder = snapshot("b/tiny", { at: commit, from: at("base") });
    expect((await opened()).source).toBe(folder);
    expect((await opened(`sha256:${sha256}`)).source).toBe(folder);
  });

  it("is found among converted weights", async () => {
    await give({ id: "vit.npz" });
    mkdirSync(join(cache, "weights"), { recursive: true });
    const path = join(cache, "weights", "vit-0123.safetensors");
    await writeSafetensors(path, model.weights);
    expect((await opened()).source).toBe(path);
  });

  it("is remembered where it was last used, until it is not there", async () => {
    await give({ id: "base" });
    expect(await opened(at("base"))).toEqual({ source: at("base"), notes: [] });
    expect(await opened()).toEqual({ source: at("base"), notes: [] });
    rmSync(join(cache, "bases"), { recursive: true });
    await rememberPlace(sha256, at("gone"));
    await expect(opened()).rejects.toThrow("its base is not on this machine");
    await rememberPlace(sha256, at("other"));
    await expect(opened()).rejects.toThrow("its base is not on this machine");
    writeFileSync(join(cache, "bases", `${sha256}.json`), "{");
    await expect(opened()).rejects.toThrow("its base is not on this machine");
  });

  it("is where run.json says, in its run", async () => {
    await give({ id: "base" });
    const config = join(given, "..", "run.json");
    writeFileSync(config, JSON.stringify({ model: { id: at("base") } }));
    expect(await opened()).toEqual({ source: at("base"), notes: [] });
    for (const damaged of ["{", "null", '{"model":null}', '{"model":{"id":5}}', '{"model":{"id":"base"}}']) {
      rmSync(join(cache, "bases"), { recursive: true, force: true });
      writeFileSync(config, damaged);
      await expect(opened()).rejects.toThrow("its base is not on this machine");
    }
  });

  it("is taken at its commit where the main branch has moved on", async () => {
    snapshot(name, { at: commit, from: at("base") });
    snapshot(name, { at: later, from: at("other") });
    setMain(name, later);
    await give({ id: name, revision: commit });
    expect((await opened()).notes).toEqual([]);
    await give({ id: name });
    expect((await opened()).notes).toEqual([
      expect.stringMatching(/^The base someone\/tiny-vit was found by its hash: .*0123456789abcdef/),
    ]);
  });

  it("is fetched from the hub at its commit", async () => {
    const files = new Map(readdirSync(at("base")).map((file) => [file, readFileSync(at("base", file))]));
    hub = await startHub({ name, commit, files });
    vi.stubEnv("HF_HUB_OFFLINE", "");
    vi.stubEnv("HF_ENDPOINT", hub.url);
    await give({ id: name, revision: commit });
    expect((await opened()).notes).toEqual([]);
    expect(hub.requests[0]).toBe(`GET /api/models/${name}/revision/${commit}`);
    hub.requests.length = 0;
    await opened();
    expect(hub.requests).toEqual([]);
  });

  it("is taken from a folder that --model names and that holds it", async () => {
    await give({ id: "vit.safetensors" });
    cpSync(at("base"), at("shelf/second"), { recursive: true });
    cpSync(at("other"), at("shelf/first"), { recursive: true });
    expect((await opened(at("shelf"))).source).toBe(at("shelf/second"));
    rmSync(at("shelf/second"), { recursive: true });
    await expect(opened(at("shelf"))).rejects.toThrow(`${at("shelf")} is not a model`);
  });
});

describe("a base that is missing", () => {
  const sizes = `2 blocks of width 16, patches of 4 x 4 pixels, sha256 ${sha256}`;

  it("is described by name, size and hash", async () => {
    await give({ id: "vit.safetensors" });
    await expect(opened()).rejects.toThrow(
      new InputError(
        `${given}: its base is not on this machine.\nIt is vit.safetensors: a Vision Transformer with ${sizes}. Ask for it whoever gave you the adapter, put it into ${join(given, "..")} or into the hub's cache, or give its place as model.`,
      ),
    );
  });

  it("is told with the addresses of its files", async () => {
    await give({ id: name, revision: commit });
    const told = `It is ${name} of the hub: ${sizes}. Fetch its files elsewhere:\n  https://hub.example/${name}/resolve/${commit}/config.json\n  https://hub.example/${name}/resolve/${commit}/model.safetensors\nPut them into one folder in ${join(given, "..")}, or give its place as model.`;
    await expect(opened()).rejects.toThrow(
      new InputError(
        `${given}: its base is not on this machine. ${name}: the model is not in the cache. HF_HUB_OFFLINE is set; unset it to download.\n${told}`,
      ),
    );
    vi.stubEnv("HF_HUB_OFFLINE", "");
    vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:9");
    await expect(opened()).rejects.toThrow(
      new EngineError(
        `${given}: its base is not on this machine. ${name}: http://127.0.0.1:9 could not be reached. Check the network, or set HF_ENDPOINT to a mirror.\n${told.replaceAll("https://hub.example", "http://127.0.0.1:9")}`,
      ),
    );
  });

  it("is told where the hub has other weights by now", async () => {
    const files = new Map(readdirSync(at("other")).map((file) => [file, readFileSync(at("other", file))]));
    hub = await startHub({ name, commit, files });
    vi.stubEnv("HF_HUB_OFFLINE", "");
    vi.stubEnv("HF_ENDPOINT", hub.url);
    await give({ id: name });
    await expect(opened()).rejects.toThrow(`${hub.url} has other weights under that name by now.`);
  });

  it("is told where a hash names nothing", async () => {
    const none = `sha256:${"0".repeat(64)}`;
    await expect(readModel(none)).rejects.toThrow(
      new InputError(
        `${none}: no model with these weights is in the hub's cache or was used here before. Name its file, its folder or its hub id.`,
      ),
    );
  });
});
