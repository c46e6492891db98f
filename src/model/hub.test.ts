import { cpSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type HubServer, startHub } from "../../test/hub-server.ts";
import { classicTensors, seededConfig, seededWeights } from "../../test/named-weights.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { EngineError, FileError, InputError } from "../errors.ts";
import { writeSafetensors } from "../formats/safetensors.ts";
import { readWeight } from "../formats/weight-bytes.ts";
import { parseHubId } from "./hub.ts";
import { type ModelProgress, readModel } from "./read-model.ts";
import { writeModel } from "./write-model.ts";

const folder = temporaryFolder("hub");
const weights = seededWeights();
const commit = "0123456789abcdef0123456789abcdef01234567";
const name = "someone/tiny-vit";

const whole = new Map<string, Uint8Array>();
const sharded = new Map<string, Uint8Array>();

beforeAll(async () => {
  const source = join(folder, "source");
  await writeModel(source, { config: seededConfig, weights, labels: ["cat", "dog", "owl"] });
  for (const file of readdirSync(source)) whole.set(file, readFileSync(join(source, file)));
  whole.set("README.md", Buffer.from("not needed"));
  whole.set("pytorch_model.bin", Buffer.from("not needed either"));

  const map: Record<string, string> = {};
  const all = [...classicTensors(weights)];
  for (const [shard, part] of [all.slice(0, 9), all.slice(9)].entries()) {
    const file = `model-${shard}.safetensors`;
    await writeSafetensors(join(folder, file), new Map(part));
    sharded.set(file, readFileSync(join(folder, file)));
    for (const [tensor] of part) map[tensor] = file;
  }
  sharded.set("config.json", whole.get("config.json") ?? new Uint8Array(0));
  sharded.set("model.safetensors.index.json", Buffer.from(JSON.stringify({ weight_map: map })));
});

let hub: HubServer | undefined;
let cache = "";
let round = 0;

beforeEach(() => {
  cache = join(folder, `cache${round++}`);
  vi.stubEnv("HF_HUB_CACHE", cache);
  vi.stubEnv("HF_HUB_OFFLINE", "");
  vi.stubEnv("HF_TOKEN", "");
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await hub?.close();
  hub = undefined;
});

async function serve(files: ReadonlyMap<string, Uint8Array> = whole, token?: string): Promise<HubServer> {
  hub = await startHub({ name, commit, files, ...(token !== undefined && { token }) });
  vi.stubEnv("HF_ENDPOINT", `${hub.url}/`);
  return hub;
}

const repository = () => join(cache, "models--someone--tiny-vit");
const blobs = () => readdirSync(join(repository(), "blobs"));

describe("parseHubId", () => {
  it.each([
    ["google/vit-base-patch16-224", { name: "google/vit-base-patch16-224", revision: "main" }],
    ["a/b@v1.0", { name: "a/b", revision: "v1.0" }],
    ["vit", undefined],
    ["a/b/c", undefined],
    ["../b", undefined],
    ["a/..", undefined],
    ["/a/b", undefined],
    ["a/b@../c", undefined],
    ["a/b@", undefined],
  ])("reads %s", (id, parsed) => {
    expect(parseHubId(id)).toEqual(parsed);
  });
});

describe("readModel from the hub", () => {
  it("downloads only what is needed, into the layout of Python's cache, and reports", async () => {
    const { requests } = await serve();
    const seen: ModelProgress[] = [];
    const model = await readModel(name, { onProgress: (progress) => seen.push(progress) });
    expect(model).toMatchObject({ id: name, config: seededConfig, labels: ["cat", "dog", "owl"], notes: [] });
    for (const [weight, tensor] of weights) {
      const read = model.weights.get(weight);
      expect(read && (await readWeight(read))).toEqual(tensor);
    }
    const size = whole.get("model.safetensors")?.length;
    expect(seen.at(-1)).toEqual({ type: "download", file: "model.safetensors", done: size, total: size });
    expect(requests.some((request) => /README|pytorch/.test(request))).toBe(false);
    expect(readFileSync(join(repository(), "refs/main"), "utf8")).toBe(commit);
    const snapshot = join(repository(), "snapshots", commit);
    expect(readdirSync(snapshot).sort()).toEqual(["config.json", "model.safetensors"]);
    expect(blobs()).toContain(readlinkSync(join(snapshot, "model.safetensors")).replace("../../blobs/", ""));
    expect(blobs()).toHaveLength(2);
  });

  it("asks only for the commit the second time, and for nothing offline", async () => {
    const { requests } = await serve();
    await readModel(name);
    requests.length = 0;
    await readModel(name);
    expect(requests).toEqual([`GET /api/models/${name}/revision/main`]);
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    expect((await readModel(name)).notes).toEqual([]);
    expect((await readModel(`${name}@${commit}`)).config).toEqual(seededConfig);
    expect(requests).toHaveLength(1);
  });

  it("downloads shards", async () => {
    await serve(sharded);
    const model = await readModel(name);
    const cls = model.weights.get("blocks.1.fc2.weight");
    expect(cls && (await readWeight(cls))).toEqual(weights.get("blocks.1.fc2.weight"));
    vi.stubEnv("HF_HUB_OFFLINE", "true");
    expect((await readModel(name)).weights.size).toBe(weights.size);
  });

  it("prefers a folder of the same name", async () => {
    const { requests } = await serve();
    mkdirSync(join(folder, name), { recursive: true });
    const before = process.cwd();
    process.chdir(folder);
    await expect(readModel(name).finally(() => process.chdir(before))).rejects.toThrow(
      new InputError(
        `${name} is not a model: it has no model.safetensors and no model.safetensors.index.json.`,
      ),
    );
    expect(requests).toEqual([]);
  });

  it("takes up a download where the line broke", async () => {
    const server = await serve();
    server.faults = { cutAfter: 2000, cuts: 2 };
    const done: number[] = [];
    await readModel(name, {
      onProgress: ({ file, done: bytes }) => file === "model.safetensors" && done.push(bytes),
    });
    expect(done.slice(0, 2)).toEqual([2000, 4000]);
    expect(done.at(-1)).toBe(whole.get("model.safetensors")?.length);
    expect(server.faults.cuts).toBe(0);
  });

  it("gives up on a line that keeps breaking, and leaves no half file", async () => {
    const server = await serve();
    server.faults = { cutAfter: 100 };
    const size = whole.get("model.safetensors")?.length;
    await expect(readModel(name)).rejects.toThrow(
      new EngineError(
        `${name}: the download of model.safetensors stopped after 400 of ${size} bytes. Run the same command again.`,
      ),
    );
    expect(blobs()).toHaveLength(1);
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    await expect(readModel(name)).rejects.toThrow(
      new InputError(
        `${name}: there is no file or folder of that name, and the model is not in the cache. HF_HUB_OFFLINE is set; unset it to download.`,
      ),
    );
  });

  it("refuses a file that arrives damaged", async () => {
    const server = await serve();
    server.faults = { corrupt: true };
    await expect(readModel(name)).rejects.toThrow(
      /^someone\/tiny-vit: config\.json arrived damaged \(its hash is [0-9a-f]{40}, it should be [0-9a-f]{40}\)\. Run the same command again\.$/,
    );
    expect(blobs()).toEqual([]);
  });

  it("sends the token to the hub", async () => {
    await serve(whole, "secret");
    const refused = new InputError(
      `${name}: ${hub?.url} refuses access. There is no such model, or it is private or gated: set HF_TOKEN to a token that may read it.`,
    );
    await expect(readModel(name)).rejects.toThrow(refused);
    vi.stubEnv("HF_TOKEN", "secret");
    expect((await readModel(name)).config).toEqual(seededConfig);
  });

  it("sends the token nowhere else", async () => {
    const server = await serve();
    const elsewhere = await startHub({ name, commit, files: whole });
    try {
      vi.stubEnv("HF_TOKEN", "secret");
      server.faults = { redirect: elsewhere.url };
      await readModel(name);
      expect(new Set(server.authorizations)).toEqual(new Set(["Bearer secret"]));
      expect(elsewhere.requests.length).toBeGreaterThan(2);
      expect(new Set(elsewhere.authorizations)).toEqual(new Set([""]));
    } finally {
      await elsewhere.close();
    }
  });

  it("keeps the token to itself where an adapter names the model, and does not ask for what it has", async () => {
    const { requests, authorizations } = await serve();
    vi.stubEnv("HF_TOKEN", "secret");
    await readModel(name, { sendToken: false });
    expect(new Set(authorizations)).toEqual(new Set([""]));
    requests.length = 0;
    expect((await readModel(name, { sendToken: false })).notes).toEqual([]);
    expect(requests).toEqual([]);
  });

  it("says why a private model that an adapter names is refused", async () => {
    const { url } = await serve(whole, "secret");
    vi.stubEnv("HF_TOKEN", "secret");
    await expect(readModel(name, { sendToken: false })).rejects.toThrow(
      new InputError(
        `${name}: ${url} refuses access. HF_TOKEN was not sent, because you have not named this model yourself. Name it with model to send your token.`,
      ),
    );
  });

  it.each([{ surplus: 3e7 }, { surplus: 3e7, gzip: true }])(
    "stops at the announced size, whatever is sent: %o",
    async (faults) => {
      const server = await serve();
      server.faults = faults;
      const size = whole.get("model.safetensors")?.length;
      await expect(readModel(name)).rejects.toThrow(
        new EngineError(
          `${server.url} sent more than the ${size} bytes expected. It is not a hub, or it is broken.`,
        ),
      );
      expect(blobs()).toHaveLength(1);
    },
  );

  it("stops reading an answer that does not end", async () => {
    const server = await serve();
    server.faults = { chatter: 2 ** 24 };
    await expect(readModel(name)).rejects.toThrow(
      new EngineError(
        `${server.url} sent more than the 16777216 bytes expected. It is not a hub, or it is broken.`,
      ),
    );
  });

  it("does not wait for ever", async () => {
    const server = await serve();
    vi.stubEnv("HF_HUB_DOWNLOAD_TIMEOUT", "0.2");
    server.faults = { silent: "in a file" };
    const size = whole.get("model.safetensors")?.length;
    await expect(readModel(name)).rejects.toThrow(
      new EngineError(
        `${name}: the download of model.safetensors stopped after 40 of ${size} bytes (${server.url} sent nothing for 0.2 seconds). Run the same command again.`,
      ),
    );
    server.faults = { silent: "at once" };
    await expect(readModel(name)).rejects.toThrow(
      new EngineError(
        `${name}: there is no file or folder of that name, and ${server.url} could not be reached (${server.url} sent nothing for 0.2 seconds). Check the network, or set HF_ENDPOINT to a mirror.`,
      ),
    );
    server.faults = {};
    await readModel(name);
    server.faults = { silent: "at once" };
    expect((await readModel(name)).notes).toEqual([
      `${server.url} could not be reached (${server.url} sent nothing for 0.2 seconds); the copy in the cache was used.`,
    ]);
  });

  it("uses the cache, and says so, when the hub cannot be reached", async () => {
    const { url, close } = await serve();
    await readModel(name);
    await close();
    hub = undefined;
    expect((await readModel(name)).notes).toEqual([
      `${url} could not be reached; the copy in the cache was used.`,
    ]);
    await expect(readModel("someone/else")).rejects.toThrow(
      new EngineError(
        `someone/else: there is no file or folder of that name, and ${url} could not be reached. Check the network, or set HF_ENDPOINT to a mirror.`,
      ),
    );
  });

  describe("a model that has a name of its own", () => {
    const named = "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k";
    const described = `tiny: ${named}, 5.5 million parameters, 23 MB, Apache-2.0, read from`;

    it("is fetched once without the token, then read from the cache without a request", async () => {
      hub = await startHub({ name: named, commit, files: whole });
      vi.stubEnv("HF_ENDPOINT", hub.url);
      vi.stubEnv("HF_TOKEN", "secret");
      const model = await readModel("tiny");
      const folder = join(cache, `models--${named.replace("/", "--")}`, "snapshots", commit);
      expect(model).toMatchObject({ id: named, source: named, notes: [`${described} ${folder}.`] });
      expect(new Set(hub.authorizations)).toEqual(new Set([""]));
      hub.requests.length = 0;
      await readModel("tiny");
      expect(hub.requests).toEqual([]);
    });

    it("says what to fetch by hand where there is no network", async () => {
      const { url, close } = await serve();
      await close();
      hub = undefined;
      const files = ["config.json", "model.safetensors"].map(
        (file) => `\n  ${url}/${named}/resolve/main/${file}`,
      );
      const byHand = `Or fetch its files elsewhere, put them into one folder, and give that folder as model:${files.join("")}`;
      await expect(readModel("tiny")).rejects.toThrow(
        new EngineError(
          `${named}: ${url} could not be reached. Check the network, or set HF_ENDPOINT to a mirror.\n${byHand}`,
        ),
      );
      vi.stubEnv("HF_HUB_OFFLINE", "1");
      await expect(readModel("tiny")).rejects.toThrow(
        new InputError(
          `${named}: the model is not in the cache. HF_HUB_OFFLINE is set; unset it to download.\n${byHand}`,
        ),
      );
    });

    it("gives way to a path of that name, and says so", async () => {
      const here = join(folder, "ambiguous");
      mkdirSync(join(here, "small"), { recursive: true });
      cpSync(join(folder, "source"), join(here, "tiny"), { recursive: true });
      const before = process.cwd();
      process.chdir(here);
      try {
        expect((await readModel("tiny")).notes).toContain(
          `tiny in the working directory was read, not the named model tiny, which is ${named}.`,
        );
        await expect(readModel("small")).rejects.toThrow(
          new InputError(
            'small is not a model: it has no model.safetensors and no model.safetensors.index.json. small in the working directory was taken for the model. For the named model, give model: "timm/vit_small_patch16_224.augreg_in21k_ft_in1k".',
          ),
        );
      } finally {
        process.chdir(before);
      }
    });
  });

  it("stops when told", async () => {
    await serve();
    const abort = new AbortController();
    const onProgress = () => abort.abort(new Error("enough"));
    await expect(readModel(name, { signal: abort.signal, onProgress })).rejects.toThrow("enough");
    expect(blobs().filter((blob) => blob.startsWith("."))).toEqual([]);
  });

  it.each<[string, HubServer["faults"], (url: string) => Error]>([
    [
      "a model that the hub does not have",
      { status: 404 },
      (url) =>
        new InputError(`${name}: there is no file or folder of that name, and ${url} has no such model.`),
    ],
    [
      "a hub in trouble",
      { status: 503 },
      (url) => new EngineError(`${name}: ${url} answered with status 503. Try again later.`),
    ],
    [
      "a commit that is a path",
      { sha: "../../../../etc" },
      (url) => new EngineError(`${url} gives no commit for ${name}.`),
    ],
    [
      "a size beyond reason",
      { size: 1e12 },
      () => new FileError(`${name}: config.json has 1000000000000 bytes; at most 33554432 are allowed.`),
    ],
    [
      "two sizes of one file",
      { size: 7 },
      (url) =>
        new EngineError(`${url} says that config.json has ${whole.get("config.json")?.length} bytes, and 7.`),
    ],
  ])("explains %s", async (_, faults, error) => {
    const server = await serve();
    server.faults = faults;
    await expect(readModel(name)).rejects.toThrow(error(server.url));
  });

  it("explains a revision that is not there, and a model without safetensors", async () => {
    const { url } = await serve(new Map([["pytorch_model.bin", new Uint8Array(1)]]));
    await expect(readModel(`${name}@v9`)).rejects.toThrow(
      new InputError(
        `${name}: there is no file or folder of that name, and ${url} has no such model or revision "v9".`,
      ),
    );
    const error = await readModel(name).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(FileError);
    expect(String(error)).toContain(
      `${name} has no model.safetensors on the hub; weights are read from safetensors only. Fetch its files into a folder FOLDER, convert them there, and name it: pytorch_model.bin is a pickle of PyTorch`,
    );
  });

  it("explains an endpoint that is no URL", async () => {
    vi.stubEnv("HF_ENDPOINT", "hub");
    await expect(readModel(name)).rejects.toThrow(
      new InputError('HF_ENDPOINT must be a URL such as https://huggingface.co, got "hub".'),
    );
  });
});
