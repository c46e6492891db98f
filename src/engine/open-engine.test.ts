import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { randomNumbers } from "../../test/random-numbers.ts";
import { EngineError, InputError } from "../errors.ts";
import { add, div, gelu, linear, matmul, mul, normalize, reshape, softmax, sum } from "../graph/ops.ts";
import { constant, type Graph, input, scalar, type Value } from "../graph/value.ts";
import type { Engine } from "./engine.ts";
import { type EngineOptions, openEngine } from "./open-engine.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rlrr-native-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());

async function opened(options: EngineOptions = { threads: 1 }): Promise<Engine> {
  const engine = await openEngine(options);
  onTestFinished(() => engine.close());
  return engine;
}

/** The thread that an engine starts while `start` runs. */
async function workerOf<T>(start: () => Promise<T>): Promise<[Worker, T]> {
  const started = new Promise<Worker>((resolve) => process.once("worker", resolve));
  const result = await start();
  return [await started, result];
}

const x = input("x", [2]);
const doubled: Graph = { outputs: { y: add(x, x) } };

/** About half a second of matrix products on one thread. */
function slow(): { graph: Graph; feeds: Record<string, Float32Array> } {
  const size = 1024;
  const start = input("start", [size, size]);
  let y: Value = start;
  for (let i = 0; i < 12; i++) y = div(matmul(y, start), scalar(size));
  return {
    graph: { outputs: { y: sum(y, [0, 1]) } },
    feeds: { start: randomNumbers(size * size) },
  };
}

describe("openEngine", () => {
  it("runs several sessions, each many times", async () => {
    const tripled = { outputs: { y: mul(x, scalar(3)) } };
    const [two, three] = await Promise.all([engine.compile(doubled), engine.compile(tripled)]);
    for (const number of [1, 5]) {
      const feeds = { x: Float32Array.of(number, -number) };
      expect([...((await two.run(feeds)).y ?? [])]).toEqual([2 * number, -2 * number]);
      expect([...((await three.run(feeds)).y ?? [])]).toEqual([3 * number, -3 * number]);
    }
  });

  it("ignores feeds that the graph does not need", async () => {
    const session = await engine.compile(doubled);
    const { y } = await session.run({ x: Float32Array.of(1, 2), mask: new Float32Array(9) });
    expect([...(y ?? [])]).toEqual([2, 4]);
  });

  it.each([
    [{}, 'run: input "x" was not fed.'],
    [{ x: new Float32Array(3) }, 'run: input "x" needs 2 numbers, got 3.'],
  ])("refuses feeds that do not fit", async (feeds, message) => {
    const session = await engine.compile(doubled);
    await expect(session.run(feeds)).rejects.toThrow(new InputError(message));
  });

  it("leaves feeds alone, small and large, whole and parts of their memory", async () => {
    const size = 2 ** 15;
    const [a, b] = [input("a", [size]), input("b", [size])];
    const session = await engine.compile({ outputs: { y: add(a, b), z: add(x, input("w", [2])) } });
    const both = randomNumbers(2 * size);
    const feeds = {
      a: both.subarray(0, size),
      b: both.subarray(size),
      ...{ x: both.subarray(0, 2), w: both.subarray(2, 4) },
    };
    for (const round of [1, 2]) {
      const { y = [], z } = await session.run(feeds);
      expect([...y].slice(0, round)).toEqual(
        [...feeds.a.map((one, i) => one + (feeds.b[i] ?? 0))].slice(0, round),
      );
      expect(z).toEqual(feeds.x.map((one, i) => one + (feeds.w[i] ?? 0)));
    }
    expect(both).toEqual(randomNumbers(2 * size));
  });

  it("takes its own buffers without a copy, and gives their memory again", async () => {
    const session = await engine.compile({ outputs: { y: add(x, input("z", [2])) } });
    const feeds = { x: Float32Array.of(1, 2), z: session.buffer("z") };
    feeds.z.set([3, 4]);
    expect((await session.run(feeds)).y).toEqual(Float32Array.of(4, 6));
    expect([feeds.x.length, feeds.z.length]).toEqual([2, 0]);
    await expect(session.run(feeds)).rejects.toThrow(
      new InputError(
        'run: an earlier run transferred the buffer of input "z". Get another by session.buffer("z").',
      ),
    );
    // The numbers that were fed are still in it.
    expect([...session.buffer("z")]).toEqual([3, 4]);
    expect([...session.buffer("z")]).toEqual([0, 0]);
  });

  it("takes a buffer once that is fed to two inputs", async () => {
    const session = await engine.compile({ outputs: { y: add(x, input("z", [2])) } });
    const both = session.buffer("z");
    both.set([1, 2]);
    expect((await session.run({ x: both, z: both })).y).toEqual(Float32Array.of(2, 4));
    expect(session.buffer("x")).not.toBe(session.buffer("z"));
  });

  it("has no buffer for what is no input", async () => {
    const session = await engine.compile(doubled);
    expect(() => session.buffer("mask")).toThrow(
      new InputError('buffer: the graph has no input "mask"; it has x.'),
    );
  });

  it("closes at the end of an `await using`", async () => {
    const engine = await openEngine({ threads: 1 });
    const session = await engine.compile(doubled);
    await engine[Symbol.asyncDispose]();
    await expect(session.run({ x: new Float32Array(2) })).rejects.toThrow(
      new EngineError("ONNX Runtime: the engine is closed."),
    );
  });

  it("says where more threads are asked for than there are cores", async () => {
    expect((await opened({ threads: 1 })).notes).toEqual([]);
    expect((await opened({ threads: 256 })).notes).toEqual([
      expect.stringMatching(/^256 threads were asked for, but this process may use \d+ cores?/),
    ]);
  });

  it("leaves no listener behind on the process", async () => {
    const count = () => process.eventNames().map((name) => [name, process.listenerCount(name)]);
    const before = count();
    for (let round = 0; round < 100; round++) {
      const engine = await openEngine({ threads: 1 });
      // Two of them have run: starting a thread for each would take a minute.
      if (round % 50 === 0) await (await engine.compile(doubled)).run({ x: new Float32Array(2) });
      await engine.close();
    }
    expect(count()).toEqual(before);
  });

  it("gives the same bits with one thread and with two", async () => {
    const a = input("a", [192, 384]);
    const b = input("b", [384, 320]);
    const y = softmax(normalize(gelu(matmul(a, b)), 1e-6));
    const graph = { outputs: { y, total: sum(mul(y, y), [0, 1]) } };
    const feeds = {
      a: randomNumbers(192 * 384, { seed: 1 }),
      b: randomNumbers(384 * 320, { seed: 2 }),
    };
    const [one, two] = await Promise.all(
      [1, 2].map(async (threads) => (await (await opened({ threads })).compile(graph)).run(feeds)),
    );
    expect(two).toEqual(one);
  });

  it("gives the same numbers with matrices and norms that are packed, to rounding", async () => {
    const vector = (seed: number) => constant({ shape: [160], data: randomNumbers(160, { seed }) });
    const weight = constant({ shape: [160, 192], data: randomNumbers(160 * 192, { seed: 1 }) });
    const rows = linear(input("a", [136, 192]), weight, vector(2));
    const graph = { outputs: { y: add(mul(normalize(rows, 1e-6), vector(3)), vector(4)) } };
    const feeds = { a: randomNumbers(136 * 192, { seed: 5 }) };
    const [usual, packed] = await Promise.all(
      [false, true].map(async (packed) => {
        const session = await engine.compile(graph, { packed });
        return session.run(feeds).finally(() => session.close());
      }),
    );
    expect(packed?.y).toHaveLength(136 * 160);
    for (const [at, number] of (packed?.y ?? []).entries())
      expect(number).toBeCloseTo(usual?.y?.[at] ?? 0, 4);
  });

  it("leaves the event loop free during a run", async () => {
    const { graph, feeds } = slow();
    const session = await engine.compile(graph);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    await session.run(feeds);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(5);
  });
});

describe("errors of openEngine", () => {
  const stored = (path: string, offset = 0): Graph => ({
    outputs: { y: add(x, constant({ shape: [2], path: join(folder, path), offset })) },
  });

  it("are EngineErrors with what ONNX Runtime said", async () => {
    const wrong = (order: readonly number[], to: readonly number[]): Graph => {
      const transposed = {
        kind: "op",
        op: "transpose",
        inputs: [x],
        attributes: { order },
        shape: [2],
      } as const;
      return { outputs: { y: reshape({ ...transposed, origin: {} }, to) } };
    };
    await expect(engine.compile(wrong([1, 0], [2]))).rejects.toThrow(EngineError);
    await expect(engine.compile(wrong([1, 0], [2]))).rejects.toThrow(/^ONNX Runtime: .*perm/);
  });

  it("tell of a session that is closed", async () => {
    const session = await engine.compile(doubled);
    await session.close();
    await expect(session.run({ x: new Float32Array(2) })).rejects.toThrow(
      new EngineError("ONNX Runtime: the session is closed."),
    );
  });

  it.each([
    ["missing", "nowhere.safetensors", 0],
    ["shorter than the weight", "short.safetensors", 4],
    ["ended before the weight", "short.safetensors", 4096],
  ])("tell of a weight file that is %s, and the engine lives on", async (_name, path, offset) => {
    await writeFile(join(folder, "short.safetensors"), new Uint8Array(8));
    await expect(engine.compile(stored(path, offset))).rejects.toThrow(EngineError);
    const session = await engine.compile(doubled);
    expect([...((await session.run({ x: Float32Array.of(1, 2) })).y ?? [])]).toEqual([2, 4]);
  });

  it("fail what is asked when the thread dies, and the next graph starts a new one", async () => {
    const engine = await opened();
    const [worker, session] = await workerOf(() => engine.compile(doubled));
    const feeds = { x: Float32Array.of(1, 2) };
    // Never amid a run: that aborts the process.
    void worker.terminate();
    await expect(session.run(feeds)).rejects.toThrow(
      new EngineError("ONNX Runtime's thread ended with code 1."),
    );

    const next = await engine.compile({ outputs: { y: mul(x, scalar(3)) } });
    expect([...((await next.run(feeds)).y ?? [])]).toEqual([3, 6]);
    // What was compiled in the dead thread is gone; it must not be mistaken for what the new one holds.
    await expect(session.run(feeds)).rejects.toThrow(new EngineError("ONNX Runtime: the session is closed."));
  });

  it("of a dead thread leave the next thread's questions alone", async () => {
    const engine = await opened();
    const [worker, session] = await workerOf(() => engine.compile(doubled));
    const running = session.run({ x: Float32Array.of(1, 2) });
    worker.emit("error", new Error("Worker ran out of memory"));
    await expect(running).rejects.toThrow(
      new EngineError("ONNX Runtime's thread stopped: Worker ran out of memory."),
    );
    const compiling = engine.compile(doubled);
    worker.emit("exit", 1);
    await expect(compiling).resolves.toBeDefined();
    await worker.terminate();
  });

  it("wait for nobody: close lets a run end, then refuses", async () => {
    const engine = await openEngine({ threads: 1 });
    const { graph, feeds } = slow();
    const session = await engine.compile(graph);
    const running = session.run(feeds);
    await engine.close();
    expect(await running).toHaveProperty("y");
    await expect(session.run(feeds)).rejects.toThrow(new EngineError("ONNX Runtime: the engine is closed."));
    await engine.close();
  });

  it("do not come from a session closed right after a run was asked for", async () => {
    const session = await engine.compile(doubled);
    const running = session.run({ x: Float32Array.of(1, 2) });
    await session.close();
    expect([...((await running).y ?? [])]).toEqual([2, 4]);
  });

  it("do not come from shared memory, which is copied", async () => {
    const session = await engine.compile(doubled);
    const shared = new Float32Array(new SharedArrayBuffer(8));
    shared.set([1, 2]);
    expect((await session.run({ x: shared })).y).toEqual(Float32Array.of(2, 4));
  });

  it("tell of a graph that ONNX Runtime would prepare for too long", async () => {
    let y: Value = x;
    for (let count = 0; count < 80_000; count++) y = add(y, x);
    await expect(engine.compile({ outputs: { y } })).rejects.toThrow(
      new EngineError(
        "A graph of 80001 values is too large for ONNX Runtime; at most 80000 are prepared in about a minute. Use a model of fewer blocks.",
      ),
    );
  });

  it.each([["webgpu"], ["gpu"], ["__proto__"]])(
    "tell of the provider %s, which has no row",
    async (provider) => {
      const before = process.listenerCount("exit");
      await expect(openEngine({ provider })).rejects.toThrow(
        new InputError(
          `provider must be cpu, got "${provider}". Other execution providers may come in later versions.`,
        ),
      );
      expect(process.listenerCount("exit")).toBe(before);
    },
  );
});

describe("a process with an engine", () => {
  it.concurrent.each([
    ["ends by itself when the engine is closed", "await engine.close();", 0],
    ["ends by itself when the engine is left open", "", 0],
    [
      "keeps its exit code when it exits amid a run",
      "void run(); setTimeout(() => process.exit(130), 50);",
      130,
    ],
    [
      "exits without beginning what is queued",
      // Forty runs are queued: beginning them would be twice the wait allowed here.
      `const began = performance.now();
       await run();
       const one = performance.now() - began;
       for (let count = 0; count < 40; count++) void run();
       setTimeout(() => {
         const asked = performance.now();
         process.on("exit", () => { process.exitCode = performance.now() - asked < 20 * one ? 5 : 6; });
         process.exit();
       }, 50);`,
      5,
    ],
    ["keeps its exit code when it fails amid a run", "void run(); setTimeout(() => fail(), 50);", 1],
  ])("%s", async (name, ending, code) => {
    const source = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
    const script = join(folder, `${name}.ts`);
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    await writeFile(
      script,
      `import { openEngine } from ${source("./open-engine.ts")};
       import { matmul } from ${source("../graph/ops.ts")};
       import { input } from ${source("../graph/value.ts")};
       const engine = await openEngine();
       const x = input("x", [1500, 1500]);
       const y = matmul(matmul(x, matmul(x, x)), matmul(matmul(x, x), x));
       const session = await engine.compile({ outputs: { y } });
       const run = () => session.run({ x: new Float32Array(1500 * 1500) });
       const fail = () => { throw new Error("amid a run"); };
       await run();
       console.log("ran");
       ${ending}`,
    );
    const root = fileURLToPath(new URL("../..", import.meta.url));
    const ended = await new Promise<{ code: unknown; stdout: string }>((resolve) => {
      const child = execFile(process.execPath, ["--import", "tsx", script], { cwd: root }, (_error, stdout) =>
        resolve({ code: child.exitCode ?? child.signalCode, stdout }),
      );
    });
    expect(ended).toEqual({ code, stdout: "ran\n" });
  });
});
