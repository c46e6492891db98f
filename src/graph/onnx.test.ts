import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { randomNumbers } from "../../test/random-numbers.ts";
import { openEngine } from "../engine/open-engine.ts";
import { evaluate } from "../engine/reference.ts";
import { GraphError } from "../errors.ts";
import { toOnnx } from "./onnx.ts";
import { add, invStd, linear, mul, normalize, slice, softmax, sum } from "./ops.ts";
import { constant, filled, type Graph, input, scalar } from "./value.ts";

const engine = await openEngine({ threads: 1 });
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rlrr-onnx-"));
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

async function run(graph: Graph, feeds: Record<string, Float32Array>): Promise<Record<string, number[]>> {
  const session = await engine.compile(graph);
  const outputs = await session.run(feeds);
  await session.close();
  return Object.fromEntries(Object.entries(outputs).map(([name, data]) => [name, [...data]]));
}

/** Fields of a message: number and content, a varint or bytes. Enough to look into what was written. */
function* fieldsOf(message: Uint8Array): Generator<{ field: number; varint: bigint; content: Uint8Array }> {
  let at = 0;
  const varint = () => {
    let result = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++] ?? 0;
      result |= BigInt(byte & 127) << shift;
      if (byte < 128) return result;
    }
  };
  while (at < message.length) {
    const tag = Number(varint());
    const wire = tag & 7;
    const number = wire === 0 ? varint() : 0n;
    const length = wire === 2 ? Number(varint()) : wire === 5 ? 4 : 0;
    yield { field: tag >> 3, varint: number, content: message.subarray(at, at + length) };
    at += length;
  }
}
const inside = (message: Uint8Array | undefined, field: number) =>
  [...fieldsOf(message ?? new Uint8Array())].filter((one) => one.field === field);
const textOf = (content: Uint8Array | undefined) => new TextDecoder().decode(content);

/** Field 7 of the model is the graph; its field 1 the nodes, 5 the initializers; field 4 of a node its type. */
const graphOf = (bytes: Uint8Array) => inside(bytes, 7)[0]?.content;
const typesOf = (graph: Graph): string[] =>
  inside(graphOf(toOnnx(graph)), 1)
    .map((node) => textOf(inside(node.content, 4)[0]?.content))
    .filter((type) => type !== "Identity");
const initializersOf = (graph: Graph): number => inside(graphOf(toOnnx(graph)), 5).length;

describe("toOnnx", () => {
  it("writes one LayerNormalization for what is normalized and its invStd", () => {
    const x = input("x", [2, 4]);
    const graph = { outputs: { y: normalize(x, 1e-6), scale: invStd(x, 1e-6) } };
    expect(typesOf(graph)).toEqual(["LayerNormalization"]);
  });

  it("keeps two epsilons apart", () => {
    const x = input("x", [2, 4]);
    const graph = { outputs: { y: normalize(x, 1e-6), scale: invStd(x, 1e-5) } };
    expect(typesOf(graph)).toEqual(["LayerNormalization", "LayerNormalization"]);
  });

  it("writes equal nodes and equal small constants once", () => {
    const x = input("x", [2, 4]);
    const twice = () => mul(x, scalar(0.5));
    const graph = { outputs: { a: softmax(twice()), b: softmax(twice()), c: add(twice(), scalar(0.25)) } };
    expect(typesOf(graph)).toEqual(["Mul", "Softmax", "Add"]);
    expect(initializersOf(graph)).toBe(2);
  });

  it("keeps equal nodes with other attributes or inputs apart", () => {
    const x = input("x", [4, 4]);
    const part = (axis: number, from: number) => slice(x, { axis, from, to: 4 });
    const graph = {
      outputs: { a: part(0, 1), b: part(1, 1), c: part(0, 2), d: sum(x, [0]), e: sum(x, [1]) },
    };
    expect(typesOf(graph)).toEqual(["Slice", "Slice", "Slice", "ReduceSum", "ReduceSum"]);
  });

  it("tells constants of equal numbers and other shapes apart", async () => {
    const x = input("x", [1]);
    const graph = { outputs: { row: add(x, filled([1, 2], 1)), column: add(x, filled([2, 1], 1)) } };
    expect(initializersOf(graph)).toBe(2);
    expect(await run(graph, { x: Float32Array.of(1) })).toEqual({ row: [2, 2], column: [2, 2] });
  });

  it("leaves out what no output needs", () => {
    const x = input("x", [2, 4]);
    softmax(x);
    expect(typesOf({ outputs: { y: add(x, x) } })).toEqual(["Add"]);
  });

  it("writes negative attributes as ten bytes", () => {
    const [node] = inside(graphOf(toOnnx({ outputs: { y: softmax(input("x", [2, 4])) } })), 1);
    const attribute = inside(node?.content, 5)[0]?.content;
    expect(textOf(inside(attribute, 1)[0]?.content)).toBe("axis");
    expect(BigInt.asIntN(64, inside(attribute, 3)[0]?.varint ?? 0n)).toBe(-1n);
  });

  it("gives outputs that are inputs, constants, or the same value twice", async () => {
    const x = input("x", [2]);
    const double = add(x, x);
    const three = constant({ shape: [3], data: Float32Array.of(1, 2, 3) });
    const graph = { outputs: { same: x, again: x, three, double, copy: double } };
    expect(await run(graph, { x: Float32Array.of(5, -7) })).toEqual({
      same: [5, -7],
      again: [5, -7],
      three: [1, 2, 3],
      double: [10, -14],
      copy: [10, -14],
    });
  });

  it("gives a graph without inputs", async () => {
    expect(await run({ outputs: { y: add(scalar(1), scalar(2)) } }, {})).toEqual({ y: [3] });
  });

  it("lets inputs and outputs have names that it would give to values in between", async () => {
    const x = input("add_0", [1]);
    const y = input("constant_0", [1]);
    const z = add(add(x, y), scalar(1));
    const graph = { outputs: { mul_1: mul(z, z), "normalize_3.0": z } };
    const feeds = { add_0: Float32Array.of(2), constant_0: Float32Array.of(3) };
    expect(await run(graph, feeds)).toEqual({ mul_1: [36], "normalize_3.0": [6] });
  });

  it("refuses one name for an input and an output", () => {
    const x = input("x", [1]);
    expect(() => toOnnx({ outputs: { x: add(x, x) } })).toThrow(
      new GraphError('toOnnx: "x" names an input and an output; one needs another name.'),
    );
  });

  it("refuses two inputs of one name", () => {
    const y = add(input("x", [1]), input("x", [1]));
    expect(() => toOnnx({ outputs: { y } })).toThrow(new Error('internal: two graph inputs are named "x".'));
  });
});

describe("weights in files", () => {
  /** As safetensors lays them out: a header of any length, so tensors start anywhere, one behind the other. */
  async function weightFile(name: string, headerBytes: number, ...tensors: readonly Float32Array[]) {
    const path = join(folder, name);
    await mkdir(join(path, ".."), { recursive: true });
    const raw = tensors.map((data) => new Uint8Array(data.buffer));
    await writeFile(path, Buffer.concat([new Uint8Array(headerBytes).fill(0x20), ...raw]));
    return path;
  }

  const weight = randomNumbers(12, { seed: 1 });
  const bias = randomNumbers(3, { seed: 2 });
  const other = randomNumbers(6, { seed: 3 });
  const x = input("x", [2, 4]);
  const feeds = { x: randomNumbers(8, { seed: 4 }) };

  const expected = () => {
    const y = linear(x, constant({ shape: [3, 4], data: weight }), constant({ shape: [3], data: bias }));
    const results = evaluate({ outputs: { y, z: mul(y, constant({ shape: [2, 3], data: other })) } }, feeds);
    return { y: results.y?.data ?? [], z: results.z?.data ?? [] };
  };

  it.each([
    ["one folder", "a.safetensors", "b.safetensors"],
    ["two sub-folders", "one/a.safetensors", "two/deep/b.safetensors"],
    ["a folder and one inside", "same/a.safetensors", "same/in/b.safetensors"],
    ["folders whose names begin alike", "model/a.safetensors", "model-2/b.safetensors"],
    ["names with blanks and accents", "mes modèles/a 1.safetensors", "mes modèles/b.safetensors"],
  ])("are read where they lie, at unaligned offsets: %s", async (_name, first, second) => {
    const a = await weightFile(first, 13, weight, bias);
    const b = await weightFile(second, 71, other);
    const y = linear(
      x,
      constant({ shape: [3, 4], path: a, offset: 13 }),
      constant({ shape: [3], path: a, offset: 13 + 48 }),
    );
    const graph = { outputs: { y, z: mul(y, constant({ shape: [2, 3], path: b, offset: 71 })) } };
    const got = await run(graph, feeds);
    expect(got.y).toBeCloseToTensor(expected().y);
    expect(got.z).toBeCloseToTensor(expected().z);
  });

  it("may be named from the working directory", async () => {
    await weightFile("relative/a.bin", 5, bias);
    await weightFile("elsewhere/b.bin", 6, bias);
    const before = process.cwd();
    onTestFinished(() => process.chdir(before));
    process.chdir(folder);
    const [path, twice] = [join("relative", "a.bin"), join("elsewhere", "b.bin")];
    const y = add(
      constant({ shape: [3], path, offset: 5 }),
      constant({ shape: [3], path: twice, offset: 6 }),
    );
    const got = await run({ outputs: { y } }, {});
    expect(got.y).toBeCloseToTensor(bias.map((number) => 2 * number));
  });

  it("are referred to, not copied, and once each", async () => {
    const path = join(folder, "large.safetensors");
    const large = () => constant({ shape: [1000, 1000], path, offset: 99 });
    const graph = { outputs: { y: add(large(), large()) } };
    expect(toOnnx(graph).length).toBeLessThan(1000);
    expect(initializersOf(graph)).toBe(1);
  });
});
