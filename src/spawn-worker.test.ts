import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { spawnWorker } from "./spawn-worker.ts";

const random = new URL("./random.ts", import.meta.url).href;
const spawn = new URL("./spawn-worker.ts", import.meta.url).href;
const root = fileURLToPath(new URL("..", import.meta.url));
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rlrr-worker-"));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  // A worker in TypeScript that imports TypeScript, and one in JavaScript.
  await writeFile(
    join(folder, "typed.worker.ts"),
    `import { parentPort, workerData } from "node:worker_threads";
     import { randomStream } from ${JSON.stringify(random)};
     const seed: number = workerData;
     parentPort?.postMessage(randomStream(seed).int(1000));`,
  );
  await writeFile(
    join(folder, "plain.worker.mjs"),
    `import { parentPort, workerData } from "node:worker_threads"; parentPort.postMessage(workerData + 1);`,
  );
  await writeFile(
    join(folder, "main.ts"),
    `import { spawnWorker } from ${JSON.stringify(spawn)};
     const worker = spawnWorker(new URL("./typed.worker.ts", import.meta.url), { workerData: 8 });
     worker.on("message", (value: number) => console.log(value));`,
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const answer = (file: string, workerData: number) =>
  new Promise((resolve, reject) => {
    const worker = spawnWorker(pathToFileURL(join(folder, file)), { workerData });
    worker.on("message", resolve);
    worker.on("error", reject);
  });

describe("spawnWorker", () => {
  it("runs a TypeScript worker that imports TypeScript", async () => {
    expect(await answer("typed.worker.ts", 8)).toBe(randomInt8);
  });

  it("runs a JavaScript worker", async () => {
    expect(await answer("plain.worker.mjs", 8)).toBe(9);
  });

  it("runs a TypeScript worker from a command that tsx started", async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--import", "tsx", join(folder, "main.ts")],
      { cwd: root },
    );
    expect(Number(stdout)).toBe(randomInt8);
  });
});

/** `randomStream(8).int(1000)`. */
const randomInt8 = 285;
