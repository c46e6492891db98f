import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { add } from "../graph/ops.ts";
import { input } from "../graph/value.ts";
import { openEngine } from "./open-engine.ts";

it("keeps ONNX Runtime from reporting to anyone", async () => {
  const engine = await openEngine({ threads: 1 });
  const x = input("x", [1]);
  const session = await engine.compile({ outputs: { y: add(x, x) } });
  expect((await session.run({ x: Float32Array.of(2) })).y).toEqual(Float32Array.of(4));
  await engine.close();
  expect(process.env.ORT_DISABLE_TELEMETRY).toBe("1");
  // Its telemetry opens this log as soon as the library starts; each test file is a process of its own.
  expect(existsSync(join(tmpdir(), `mat-debug-${process.pid}.log`))).toBe(false);
});
