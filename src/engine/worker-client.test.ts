import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EngineError } from "../errors.ts";
import { WorkerClient } from "./worker-client.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rlrr-worker-line-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A line to a worker of these statements. */
async function lineTo(name: string, statements: string): Promise<WorkerClient> {
  const path = join(folder, `${name}.mjs`);
  await writeFile(path, statements);
  return new WorkerClient(pathToFileURL(path));
}

const answering = `
  import { parentPort } from "node:worker_threads";
  parentPort.on("message", ({ id, type }) => parentPort.postMessage({ id, type }));`;

describe("WorkerClient", () => {
  it.each([
    ["throws", 'throw new Error("no such library");', "stopped: no such library."],
    ["imports what is missing", 'import "./nowhere.mjs";', /^stopped: Cannot find module .*nowhere\.mjs/],
    [
      "fails while it loads something",
      'await Promise.reject(new Error("no such library"));',
      "stopped: no such library.",
    ],
    ["ends", "process.exit(0);", "ended with code 0."],
    ["ends with nothing to do", "", "ended with code 0."],
  ])("rejects all that is asked of a module that %s", async (name, statements, reason) => {
    const line = await lineTo(name.replaceAll(" ", "-"), statements);
    const asked = [1, 2, 3].map(() => line.ask({ type: "release", session: 0 }));
    for (const answer of await Promise.allSettled(asked)) {
      const error: unknown = answer.status === "rejected" ? answer.reason : undefined;
      expect(error).toBeInstanceOf(EngineError);
      const [, said] = /^ONNX Runtime's thread (.*)$/s.exec(String((error as Error).message)) ?? [];
      if (typeof reason === "string") expect(said).toBe(reason);
      else expect(said).toMatch(reason);
    }
    await line.close();
  });

  it("listens to the exit of the process only while something is asked", async () => {
    const before = process.listenerCount("exit");
    const lines = await Promise.all(Array.from({ length: 20 }, () => lineTo("answering", answering)));
    const answers = lines.map((line) => line.ask({ type: "release", session: 0 }));
    expect(process.listenerCount("exit")).toBe(before + 1);
    await Promise.all(answers);
    expect(process.listenerCount("exit")).toBe(before);
    await Promise.all(lines.map((line) => line.close()));
    expect(process.listenerCount("exit")).toBe(before);
  });
});
