import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import type { ImageAnswer, ImageQuestion } from "./image-process.ts";

const folder = temporaryFolder("image-process");
let child: ChildProcess;
beforeEach(async () => {
  const file = new URL("./image-process.ts", import.meta.url);
  child = fork(fileURLToPath(new URL("../typescript-worker.mjs", import.meta.url)), [file.href], {
    serialization: "advanced",
    execArgv: [],
  });
  expect(await once(child, "message")).toEqual([{ type: "ready" }, undefined]);
});
afterEach(() => child.kill("SIGKILL"));

async function ask(question: ImageQuestion): Promise<ImageAnswer> {
  child.send(question);
  const [answer] = await once(child, "message");
  return answer;
}

describe("the image process", () => {
  it("says so while a decoder takes more memory than allowed, and beforehand where the header tells", async () => {
    const path = join(folder, "large.png");
    const side = 6000; // 108 MB of pixels
    await sharp({ create: { width: side, height: side, channels: 3, background: "red" } })
      .png({ compressionLevel: 1 })
      .toFile(path);
    const task = { type: "load", where: path, source: { type: "path", path }, steps: [] } as const;
    expect(await ask({ task, memory: { estimatedBytes: 2 ** 20, measuredBytes: 2 ** 40 } })).toEqual({
      type: "large",
    });
    expect(await ask({ task, memory: { estimatedBytes: 2 ** 40, measuredBytes: 2 ** 24 } })).toEqual({
      type: "overgrown",
    });
  });

  it("ends when whoever started it is gone", async () => {
    const path = join(folder, "none.png");
    const task = { type: "facts", where: path, source: { type: "path", path } } as const;
    expect(await ask({ task, memory: { estimatedBytes: 2 ** 20, measuredBytes: 2 ** 30 } })).toEqual({
      type: "failed",
      message: `${path} cannot be read: no such file.`,
      isFile: true,
    });
    const gone = once(child, "exit");
    child.disconnect();
    expect(await gone).toEqual([null, "SIGKILL"]);
  });
});
