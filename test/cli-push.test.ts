import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { writeAdapter } from "../src/adapter/adapter-file.ts";
import { runHere } from "./run-command.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { randomAdapter, tinyModel } from "./tiny-model.ts";
import { startWritableHub, type WritableHub } from "./writable-hub.ts";

const adapter = join(temporaryFolder("cli-push"), "run", "adapter");
let hub: WritableHub;

beforeAll(async () => {
  await writeAdapter(adapter, await randomAdapter(tinyModel(), { name: "linear" }));
  hub = await startWritableHub({ token: "hf_right", user: "ada" });
  vi.stubEnv("HF_ENDPOINT", hub.url);
  vi.stubEnv("HF_TOKEN", "hf_right");
  vi.stubEnv("HF_HUB_OFFLINE", "");
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await hub.close();
});

async function pushed(...flags: string[]) {
  const { code, stdout, stderr } = await runHere("push", adapter, "--to", "ada/x", ...flags);
  const plain = (text: string) =>
    text
      .replaceAll(adapter, "ADAPTER")
      .replaceAll(hub.url, "HUB")
      .replaceAll(/commit [0-9a-f]{12}/g, "commit COMMIT")
      .replaceAll(/\d+(\.\d)? (bytes|kB)/g, "SIZE")
      .replaceAll(/ {2,}/g, "  ");
  return { code, stdout: plain(stdout).trimEnd().split("\n"), stderr: plain(stderr).trimEnd() };
}

const names = ["README.md", "adapter_model.safetensors", "preprocessor_config.json", "rlrr_adapter.json"];
const lines = (state: string) => names.map((name) => `  ${name}  SIZE  ${state}`);

describe("rlrr push", () => {
  it("lists, sends, and says what has come of it", async () => {
    expect(await pushed("--dry-run", "--private")).toEqual({
      code: 0,
      stderr: "",
      stdout: [
        "Would push the adapter ADAPTER to HUB/ada/x, a new, private repository: 4 files, SIZE.",
        ...lines("new"),
        "Nothing was sent.",
      ],
    });
    expect(hub.repositories.size).toBe(0);
    expect((await pushed("--private", "--leave-out", "README.md")).stdout).toEqual([
      "Pushing the adapter ADAPTER to HUB/ada/x, a new, private repository: 3 files, SIZE.",
      ...lines("new").slice(1),
      "Left out:",
      "  README.md  as you asked",
      "HUB/ada/x has all of it now (private, commit COMMIT): 3 files, SIZE, each compared by its hash.",
    ]);
    const again = await runHere("push", adapter, "--to", "ada/x", "--leave-out", "README.md", "--json");
    const [plan, done] = again.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(plan).toMatchObject({ type: "plan", kind: "adapter", repository: { private: true } });
    expect(done).toMatchObject({
      type: "pushed",
      created: false,
      files: 0,
      commit: hub.repositories.get("ada/x")?.commit,
    });
  });

  it("lists before it refuses, in flags", async () => {
    hub.repositories.get("ada/x")?.files.set("README.md", Buffer.from("mine"));
    const { code, stdout, stderr } = await pushed();
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr:
        "error: ada/x has other files of these names: README.md. Replace them with --overwrite, leave them out with --leave-out, or name another repository.",
    });
    expect(stdout.slice(0, 2)).toEqual([
      "Pushing the adapter ADAPTER to HUB/ada/x, a private repository: 4 files, SIZE.",
      "  README.md  SIZE  differs from what is there",
    ]);
    expect((await pushed("--overwrite")).stdout.at(-1)).toBe(
      "HUB/ada/x has all of it now (private, commit COMMIT): 1 file, SIZE, each compared by its hash.",
    );
  });
});
