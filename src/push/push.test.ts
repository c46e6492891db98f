import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { randomAdapter, tinyModel } from "../../test/tiny-model.ts";
import { startWritableHub, type WritableHub } from "../../test/writable-hub.ts";
import { writeAdapter } from "../adapter/adapter-file.ts";
import { EngineError, InputError } from "../errors.ts";
import { writeModel } from "../model/write-model.ts";
import { type PushOptions, type PushPlan, push } from "./push.ts";

const root = temporaryFolder("push");
const at = (...names: string[]): string => join(root, ...names);
const model = tinyModel();
await writeAdapter(at("run/adapter"), await randomAdapter(model, { name: "rlrr" }));
writeFileSync(at("run/run.json"), '{"data":"/home/ada/secret"}');
writeFileSync(at("run/checkpoint.safetensors"), "");
await writeModel(at("model"), model);

const adapterFiles = [
  "README.md",
  "adapter_model.safetensors",
  "preprocessor_config.json",
  "rlrr_adapter.json",
];
const to = "ada/flowers";
let hub: WritableHub;

beforeEach(async () => {
  hub = await startWritableHub({ token: "hf_right", user: "ada", organisations: ["acme"] });
  vi.stubEnv("HF_ENDPOINT", hub.url);
  vi.stubEnv("HF_TOKEN", "hf_right");
  vi.stubEnv("HF_HUB_OFFLINE", "");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
});

/** Pushes and catches the plan. */
async function pushed(source: string, options: Partial<PushOptions> = {}) {
  let plan: PushPlan | undefined;
  const result = await push(source, {
    to,
    ...options,
    onPlan: (made) => {
      plan = made;
    },
  });
  return { plan, result };
}
const stored = (name = to) => hub.repositories.get(name);
const refusal = (source: string, options: Partial<PushOptions> = {}) =>
  push(source, { to, ...options }).then(
    () => "nothing was refused",
    (error: Error) => error,
  );
/** A folder of a model whose weights are large. */
function largeModel(bytes: number): string {
  const folder = at(`large-${hub.url.split(":").at(-1)}`);
  mkdirSync(join(folder, "onnx"), { recursive: true });
  writeFileSync(join(folder, "config.json"), '{"id2label":{"0":"a|b","1":"c"}}');
  writeFileSync(join(folder, "README.md"), "# mine\n");
  writeFileSync(join(folder, "onnx/model.onnx"), randomBytes(bytes));
  writeFileSync(join(folder, "model.safetensors"), randomBytes(bytes));
  return folder;
}

describe("push", () => {
  it("makes a repository and sends the adapter of a run, byte for byte, and nothing else", async () => {
    const { plan, result } = await pushed(at("run"));
    expect(plan).toMatchObject({ source: at("run"), url: `${hub.url}/${to}`, kind: "adapter", leftOut: [] });
    expect(plan?.files.map(({ path, state }) => `${path} ${state}`)).toEqual(
      adapterFiles.map((path) => `${path} new`),
    );
    expect(plan?.repository).toBeUndefined();
    expect([...(stored()?.files.keys() ?? [])].sort()).toEqual([".gitattributes", ...adapterFiles]);
    for (const path of adapterFiles)
      expect(
        stored()
          ?.files.get(path)
          ?.equals(readFileSync(at("run/adapter", path))),
      ).toBe(true);
    const bytes = plan?.files.reduce((sum, file) => sum + file.bytes, 0);
    const commit = stored()?.commit;
    expect(result).toEqual({
      url: `${hub.url}/${to}`,
      private: false,
      created: true,
      files: 4,
      bytes,
      commit,
    });
    expect(stored()?.titles).toEqual(["Add an rlrr adapter"]);
    expect(hub.storageAuthorizations).toEqual([""]);
  });

  it("makes it private, under an organisation too", async () => {
    const { result } = await pushed(at("run/adapter"), { to: "acme/flowers", private: true });
    expect(result?.private).toBe(true);
    expect(stored("acme/flowers")?.private).toBe(true);
  });

  it("sends nothing a second time, and only what has changed where that is asked for", async () => {
    const folder = largeModel(3e5);
    await pushed(folder);
    const { received } = hub;
    const again = await pushed(folder);
    expect(again.plan?.files.every(({ state }) => state === "same")).toBe(true);
    expect(again.plan?.repository).toEqual({ private: false });
    expect(again.result).toMatchObject({ created: false, files: 0, bytes: 0, commit: stored()?.commit });
    expect(stored()?.titles).toHaveLength(1);
    writeFileSync(join(folder, "README.md"), "# yours\n");
    const before = stored()?.commit;
    expect(await refusal(folder)).toEqual(
      new InputError(
        `${to} has other files of these names: README.md. Replace them with overwrite: true, leave them out with leaveOut, or name another repository.`,
      ),
    );
    expect(stored()?.commit).toBe(before);
    expect((await pushed(folder, { overwrite: true })).result).toMatchObject({ files: 1, bytes: 8 });
    expect(String(stored()?.files.get("README.md"))).toBe("# yours\n");
    expect(hub.received).toBe(received);
  });

  it("keeps what else a repository has", async () => {
    await pushed(at("run"));
    stored()?.files.set("notes.txt", Buffer.from("mine"));
    await pushed(at("run"), { overwrite: true });
    expect(String(stored()?.files.get("notes.txt"))).toBe("mine");
  });

  it("only lists in a dry run", async () => {
    const dry = { dryRun: true } as const;
    const { plan, result } = await pushed(at("run"), dry);
    expect(result).toBeUndefined();
    expect(plan?.files).toHaveLength(4);
    expect(hub.repositories.size).toBe(0);
    expect(hub.requests).toEqual(["GET /api/whoami-v2", `GET /api/models/${to}/revision/main`]);
    vi.stubEnv("HF_TOKEN", "");
    hub.requests.length = 0;
    expect((await pushed(at("run"), dry)).plan?.notes).toEqual([
      "HF_TOKEN is not set, so the hub was not asked what it has.",
    ]);
    expect(hub.requests).toEqual([]);
  });

  it("leaves out what is no file of a model, what is hidden, links, and what it is told to", async () => {
    const folder = at("mixed");
    cpSync(at("model"), folder, { recursive: true });
    for (const path of ["diary.doc", ".env", "photo.jpg", "LICENSE"])
      writeFileSync(join(folder, path), "secret");
    mkdirSync(join(folder, "a/b/c/d"), { recursive: true });
    writeFileSync(join(folder, "a/b/c/d/deep.json"), "{}");
    mkdirSync(join(folder, ".git"));
    writeFileSync(join(folder, ".git/config.json"), "{}");
    symlinkSync("/etc/passwd", join(folder, "passwd.txt"));
    const { plan } = await pushed(folder, { leaveOut: ["LICENSE"] });
    expect(plan?.leftOut).toEqual([
      { path: ".env", why: "hidden" },
      { path: ".git", why: "hidden" },
      { path: "a/b/c/d", why: "too deep" },
      { path: "diary.doc", why: "not a file of a model" },
      { path: "passwd.txt", why: "a link" },
      { path: "photo.jpg", why: "not a file of a model" },
      { path: "LICENSE", why: "as you asked" },
    ]);
    expect([...(stored()?.files.keys() ?? [])].sort()).toEqual(
      [".gitattributes", ...(plan?.files.map(({ path }) => path) ?? [])].sort(),
    );
    for (const bytes of stored()?.files.values() ?? []) expect(bytes.includes("root:")).toBe(false);
  });

  it("makes a card where there is none, and only sends it", async () => {
    const { plan } = await pushed(at("model"));
    expect(plan?.notes).toEqual([`${at("model")} has no README.md; a model card is made for it.`]);
    expect(String(stored()?.files.get("README.md"))).toBe(`---
library_name: transformers
pipeline_tag: image-classification
tags:
- rlrr
- vision-transformer
---

# model

A Vision Transformer that tells 3 classes apart: own 0, own 1, own 2.
`);
    expect(readdirSync(at("model"))).not.toContain("README.md");
    cpSync(at("run/adapter"), at("bare"), { recursive: true });
    rmSync(at("bare/README.md"));
    await pushed(at("bare"), { to: "ada/bare" });
    expect(String(stored("ada/bare")?.files.get("README.md"))).toContain("base_model: someone/tiny-vit");
  });

  it("sends an adapter of the first format without the path that it holds", async () => {
    cpSync(at("run/adapter"), at("older"), { recursive: true });
    const config = JSON.parse(readFileSync(at("older/rlrr_adapter.json"), "utf8"));
    rmSync(at("older/rlrr_adapter.json"));
    const older = { format_version: 1, peft_type: "RLRR", task_type: null, inference_mode: true };
    const text = JSON.stringify({ ...config, ...older, base_model_name_or_path: "/home/ada/secret/vit" });
    writeFileSync(at("older/adapter_config.json"), text);
    const { plan } = await pushed(at("older"));
    expect(plan?.leftOut).toEqual([
      { path: "adapter_config.json", why: "its path of the base is of this machine" },
    ]);
    const sent = JSON.parse(String(stored()?.files.get("rlrr_adapter.json")));
    expect(sent).toEqual({ ...config, base_model_name_or_path: "vit" });
    expect(readFileSync(at("older/adapter_config.json"), "utf8")).toBe(text);
  });

  it("sends an adapter of peft as it is", async () => {
    mkdirSync(at("peft"));
    writeFileSync(at("peft/adapter_config.json"), '{"peft_type":"GLORA"}');
    writeFileSync(at("peft/adapter_model.safetensors"), "tensors");
    const { plan } = await pushed(at("peft"));
    expect(plan?.kind).toBe("model");
    expect(String(stored()?.files.get("adapter_config.json"))).toBe('{"peft_type":"GLORA"}');
    expect(String(stored()?.files.get("README.md"))).toContain("# peft\n\nA Vision Transformer.");
  });

  it("says what the hashes of training images tell", async () => {
    cpSync(at("run/adapter"), at("hashes"), { recursive: true });
    writeFileSync(at("hashes/training_images.json"), "{}");
    expect((await pushed(at("hashes"), { dryRun: true })).plan?.notes).toEqual([
      "training_images.json lets whoever has an image tell whether it was trained on, and holds no image.",
    ]);
    const leaveOut = ["training_images.json"];
    expect((await pushed(at("hashes"), { dryRun: true, leaveOut })).plan?.notes).toEqual([]);
  });
});

describe("a push that is interrupted", () => {
  it("goes on by itself where the line breaks, and counts each byte once", async () => {
    const folder = largeModel(2e6);
    hub.faults = { cuts: 2, cutAfter: 4e5 };
    const seen: [number, number][] = [];
    const { plan, result } = await pushed(folder, { onProgress: (done, total) => seen.push([done, total]) });
    const total = plan?.files.reduce((sum, file) => sum + file.bytes, 0) ?? 0;
    expect(result).toMatchObject({ files: 4, bytes: total });
    expect(seen.at(-1)).toEqual([total, total]);
    expect(seen.every(([done]) => done <= total)).toBe(true);
    expect(seen.length).toBeGreaterThan(10);
    for (const path of ["model.safetensors", "onnx/model.onnx"])
      expect(
        stored()
          ?.files.get(path)
          ?.equals(readFileSync(join(folder, path))),
      ).toBe(true);
    expect(stored()?.titles).toHaveLength(1);
  });

  it("gives up after four attempts, and a second run sends only what is missing", async () => {
    const folder = largeModel(2e6);
    rmSync(join(folder, "onnx"), { recursive: true });
    hub.faults = { cuts: 4, cutAfter: 4e5 };
    expect(await refusal(folder)).toEqual(
      new EngineError(
        `${to}: the push has stopped before everything was there. ${hub.url} could not be reached. Check the network, or set HF_ENDPOINT to a mirror. Run the same command again: what has arrived is not sent twice.`,
      ),
    );
    expect(stored()?.titles).toEqual([]);
    expect((await pushed(folder)).result).toMatchObject({ created: false, files: 3 });
  });

  it("ends at once when told, and a second run does not send again what arrived", async () => {
    const folder = largeModel(2e6);
    const interruption = new AbortController();
    hub.faults = { onHeld: () => interruption.abort(new Error("enough")) };
    await expect(push(folder, { to, signal: interruption.signal })).rejects.toThrow("enough");
    expect(stored()?.titles).toEqual([]);
    expect(hub.storage.size).toBe(1);
    hub.faults = {};
    hub.received = 0;
    expect((await pushed(folder)).result).toMatchObject({ files: 4 });
    expect(hub.received).toBe(2e6);
  });

  it("finds that its commit was made where the answer was lost", async () => {
    hub.faults = { loseCommit: true };
    expect((await pushed(at("run"))).result).toMatchObject({ files: 4, commit: stored()?.commit });
    expect(stored()?.titles).toHaveLength(1);
  });

  it("does not write over what somebody else did meanwhile", async () => {
    hub.faults = { overtake: true };
    expect(await refusal(at("run"))).toEqual(
      new EngineError(
        `${to} was changed by somebody else meanwhile, so nothing was written. Run the same command again.`,
      ),
    );
    expect((await pushed(at("run"))).result).toMatchObject({ created: false, files: 4 });
  });

  it("says where the hub has other bytes than were sent", async () => {
    hub.faults = { truncate: true };
    expect(await refusal(at("run"))).toEqual(
      new EngineError(
        `${hub.url} took all files of ${to}, but has other bytes than were sent of ${adapterFiles.join(", ")}.`,
      ),
    );
  });
});

describe("a push that is refused", () => {
  const token = (url: string) => `${url}/settings/tokens`;

  it("has no token", async () => {
    vi.stubEnv("HF_TOKEN", "");
    expect(await refusal(at("run"))).toEqual(
      new InputError(
        `HF_TOKEN is not set: the hub must know who pushes. Make a token that may write at ${token(hub.url)}, and set HF_TOKEN to it.`,
      ),
    );
    expect(hub.requests).toEqual([]);
  });

  it("has a wrong token", async () => {
    vi.stubEnv("HF_TOKEN", "hf_wrong");
    const message = `${hub.url} does not accept HF_TOKEN: it is wrong, has expired or was revoked. Make one that may write at ${token(hub.url)}.`;
    expect(await refusal(at("run"))).toEqual(new InputError(message));
    expect(await refusal(at("run"), { dryRun: true })).toEqual(new InputError(message));
    expect(hub.repositories.size).toBe(0);
  });

  it.each<["read" | "write" | "fineGrained", string, (url: string) => string]>([
    ["read", to, (url) => `HF_TOKEN may only read. Make one that may write at ${token(url)}.`],
    [
      "write",
      "bob/flowers",
      () =>
        "bob/flowers: HF_TOKEN is ada's, who is not bob nor in an organisation of that name. Push to ada/flowers, or use another token.",
    ],
    [
      "fineGrained",
      "bob/flowers",
      (url) =>
        `bob/flowers: ${url} does not let HF_TOKEN write there (You don't have the rights to create a model under "bob"). Use a token that may, from ${token(url)}, or another name.`,
    ],
  ])("has a token of the kind %s, to %s", async (role, name, message) => {
    await hub.close();
    hub = await startWritableHub({ token: "hf_right", user: "ada", role });
    vi.stubEnv("HF_ENDPOINT", hub.url);
    expect(await refusal(at("run"), { to: name })).toEqual(new InputError(message(hub.url)));
    expect(hub.repositories.size).toBe(0);
  });

  it("would be private in a repository that is public", async () => {
    await pushed(at("run"));
    expect(await refusal(at("run"), { private: true })).toEqual(
      new InputError(
        `${to} is there already, and public. Make it private at ${hub.url}/${to}/settings, name another repository, or leave out private: true.`,
      ),
    );
    hub.repositories.set(to, { ...stored(), private: true } as never);
    expect((await pushed(at("run"), { private: true })).result).toMatchObject({ private: true, files: 0 });
  });

  it.each<[string, WritableHub["faults"], (url: string) => Error]>([
    [
      "a repository that cannot be seen",
      { refuse: { path: "/repos/create", status: 409, error: "You already created this model repo." } },
      () =>
        new InputError(
          `${to}: there is such a repository, but HF_TOKEN may not see it (You already created this model repo). Use a token that may, or another name.`,
        ),
    ],
    [
      "a file that the hub does not want",
      { refuse: { path: "/preupload/", status: 413, error: "too large" } },
      (url) => new EngineError(`${to}: ${url} answered with status 413 (too large).`),
    ],
    [
      "a hub in trouble",
      { refuse: { path: "/whoami", status: 503 } },
      (url) => new EngineError(`${to}: ${url} answered with status 503 (as told). Try again later.`),
    ],
  ])("explains %s", async (_, faults, error) => {
    hub.faults = faults;
    expect(await refusal(at("run"))).toEqual(error(hub.url));
  });

  it("does not wait for ever, and explains a hub that is not there", async () => {
    vi.stubEnv("HF_HUB_DOWNLOAD_TIMEOUT", "0.2");
    hub.faults = { silent: true };
    const network = "Check the network, or set HF_ENDPOINT to a mirror.";
    expect(await refusal(at("run"))).toEqual(
      new EngineError(
        `${hub.url} could not be reached (${hub.url} sent nothing for 0.2 seconds). ${network}`,
      ),
    );
    vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:9");
    expect(await refusal(at("run"))).toEqual(
      new EngineError(`http://127.0.0.1:9 could not be reached. ${network}`),
    );
    vi.stubEnv("HF_ENDPOINT", "hub");
    expect(await refusal(at("run"))).toEqual(
      new InputError('HF_ENDPOINT must be a URL such as https://huggingface.co, got "hub".'),
    );
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    vi.stubEnv("HF_ENDPOINT", hub.url);
    expect(await refusal(at("run"))).toEqual(new InputError("HF_HUB_OFFLINE is set; unset it to push."));
  });

  it.each([["flowers"], ["ada/flowers@v1"], ["a/b/c"], ["https://huggingface.co/ada/flowers"], [""]])(
    "has the name %j",
    async (name) => {
      expect(await refusal(at("run"), { to: name })).toEqual(
        new InputError(`to must be owner/name, as in ada/flowers, got ${JSON.stringify(name)}.`),
      );
    },
  );

  it("has nothing to push", async () => {
    const hint = "Push a run of rlrr train, an adapter, or the folder of a model.";
    mkdirSync(at("photos"), { recursive: true });
    mkdirSync(at("begun"), { recursive: true });
    writeFileSync(at("begun/run.json"), "{}");
    expect(await refusal(at("none"))).toEqual(
      new InputError(`${at("none")}: there is no such folder. ${hint}`),
    );
    expect(await refusal(at("run/run.json"))).toEqual(
      new InputError(`${at("run/run.json")} is a file. ${hint}`),
    );
    expect(await refusal(at("photos"))).toEqual(
      new InputError(`${at("photos")} holds no adapter, and no model: it has no config.json. ${hint}`),
    );
    expect(await refusal(at("begun"))).toEqual(
      new InputError(`${at("begun")} is a run that has kept no adapter yet. Train it further first.`),
    );
    expect(await refusal(at("run"), { leaveOut: ["notes.txt"] })).toEqual(
      new InputError(
        `leaveOut: "notes.txt" names no file of ${at("run/adapter")}: ${adapterFiles.join(", ")}.`,
      ),
    );
  });
});
