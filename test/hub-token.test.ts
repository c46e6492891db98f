import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { writeAdapter } from "../src/adapter/adapter-file.ts";
import { inspectModel } from "../src/inspect/inspect-model.ts";
import { writeModel } from "../src/model/write-model.ts";
import { openModel } from "../src/predict/open-model.ts";
import { type HubServer, startHub } from "./hub-server.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { randomAdapter, tinyModel } from "./tiny-model.ts";

const folder = temporaryFolder("open-model");
const name = "someone/tiny-vit";
const commit = "0123456789abcdef0123456789abcdef01234567";
const adapter = join(folder, "far", "from", "its", "base");
let hub: HubServer;

beforeAll(async () => {
  const source = join(folder, "source");
  const model = tinyModel();
  await writeModel(source, model);
  await writeAdapter(adapter, await randomAdapter(model, { name: "linear" }));
  const files = new Map(readdirSync(source).map((file) => [file, readFileSync(join(source, file))]));
  hub = await startHub({ name, commit, files });
});
afterAll(() => hub.close());
afterEach(() => vi.unstubAllEnvs());

let round = 0;
/** An empty cache, and a user with a token. */
function user(): void {
  vi.stubEnv("HF_HUB_CACHE", join(folder, `cache${round++}`));
  vi.stubEnv("HF_HUB_OFFLINE", "");
  vi.stubEnv("HF_ENDPOINT", hub.url);
  vi.stubEnv("HF_TOKEN", "secret");
  hub.requests.length = 0;
  hub.authorizations.length = 0;
}

describe("a model of the hub", () => {
  it("is not asked for with the user's token where only an adapter names it", async () => {
    user();
    expect((await openModel({ adapter })).model.id).toBe(name);
    expect(new Set(hub.authorizations)).toEqual(new Set([""]));
  });

  it("is asked for with the token where the user names it", async () => {
    user();
    await openModel({ adapter, model: name });
    expect(new Set(hub.authorizations)).toEqual(new Set(["Bearer secret"]));
  });

  it("is asked for once when it is inspected", async () => {
    user();
    const { record } = await inspectModel(name, { settings: {}, classes: 0 });
    expect(record.files).toHaveLength(1);
    const about = `GET /api/models/${name}/revision/main`;
    expect(hub.requests.filter((request) => request === about)).toHaveLength(1);
  });
});
