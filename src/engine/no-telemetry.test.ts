import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";

const folder = temporaryFolder("no-telemetry");
const source = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);

/** What a process has open at its end, and its number. */
const script = `
  import { readdirSync, readlinkSync, readFileSync } from "node:fs";
  import { openEngine } from ${source("./open-engine.ts")};
  import { add } from ${source("../graph/ops.ts")};
  import { input } from ${source("../graph/value.ts")};
  const engine = await openEngine({ threads: 1 });
  const x = input("x", [1]);
  const session = await engine.compile({ outputs: { y: add(x, x) } });
  const { y } = await session.run({ x: Float32Array.of(2) });
  const linux = process.platform === "linux";
  const inodes = ["tcp", "tcp6", "udp", "udp6"].flatMap((kind) =>
    linux ? readFileSync("/proc/self/net/" + kind, "utf8").split("\\n").map((line) => line.trim().split(/\\s+/)[9]) : []);
  const open = (linux ? readdirSync("/proc/self/fd") : []).flatMap((fd) => {
    try { return [readlinkSync("/proc/self/fd/" + fd)]; } catch { return []; }
  });
  const sockets = open.filter((target) => target.startsWith("socket:") && inodes.includes(target.slice(8, -1)));
  const databases = open.filter((target) => target.includes("onnxruntime.db"));
  console.log(JSON.stringify({ pid: process.pid, y: [...y], sockets, databases }));
  await engine.close();`;

// As soon as it starts, ONNX Runtime's telemetry opens a log and a database of what it will send.
it("keeps ONNX Runtime from reporting to anyone", async () => {
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  const path = join(folder, "main.ts");
  await writeFile(path, script);
  const { ORT_DISABLE_TELEMETRY: _, ...env } = process.env;
  const cwd = fileURLToPath(new URL("../..", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", path], { cwd, env });
  const { pid, ...seen } = JSON.parse(stdout);
  expect(seen).toEqual({ y: [4], sockets: [], databases: [] });
  expect(existsSync(join(tmpdir(), `mat-debug-${pid}.log`))).toBe(false);
});
