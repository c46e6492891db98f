import { describe, expect, it } from "vitest";
import { gemm, linear, mul } from "../graph/ops.ts";
import { type Graph, inOrder, input } from "../graph/value.ts";
import { randomStream } from "../random.ts";
import { rewriteForCpu } from "./cpu-rewrites.ts";
import { evaluate } from "./reference.ts";

const opsOf = ({ outputs }: Graph): string[] =>
  inOrder(Object.values(outputs)).flatMap((value) => (value.kind === "op" ? [value.op] : []));

const matrix = (name: string, rows: number, columns: number) => {
  const data = Float64Array.from({ length: rows * columns }, randomStream(1, name).next);
  return { value: input(name, [rows, columns]), data };
};

/** The same numbers before and after, and the ops after. */
function rewritten(graph: Graph, matrices: readonly ReturnType<typeof matrix>[]): string[] {
  const feeds = Object.fromEntries(matrices.map(({ value, data }) => [value.name, data]));
  const rewrite = rewriteForCpu(graph);
  const [before, after] = [evaluate(graph, feeds), evaluate(rewrite, feeds)];
  for (const name of Object.keys(graph.outputs)) {
    expect(after[name]?.shape).toEqual(before[name]?.shape);
    for (const [i, number] of (before[name]?.data ?? []).entries())
      expect(after[name]?.data[i]).toBeCloseTo(number, 8);
  }
  return opsOf(rewrite);
}

describe("rewriteForCpu", () => {
  it("pads what would alias, and adds a bias after the product", () => {
    const [x, w, v] = [matrix("x", 128, 1024), matrix("w", 129, 1024), matrix("v", 1024, 130)];
    const b = input("b", [129]);
    const bias = { value: b, data: Float64Array.from({ length: 129 }, randomStream(2).next) } as never;
    expect(rewritten({ outputs: { y: linear(x.value, w.value, b) } }, [x, w, bias])).toEqual([
      ...["pad", "pad", "gemm", "add"],
    ]);
    expect(rewritten({ outputs: { y: gemm(x.value, w.value, { transB: true }) } }, [x, w])).toEqual([
      ...["pad", "pad", "gemm"],
    ]);
    expect(rewritten({ outputs: { y: gemm(x.value, v.value) } }, [x, v])).toEqual(["pad", "pad", "gemm"]);
  });

  it("transposes the left matrix, or the right one and the result, whichever is less to copy", () => {
    const [narrow, wide] = [matrix("narrow", 600, 128), matrix("wide", 600, 512)];
    const product = (a: typeof narrow, b: typeof narrow) => gemm(a.value, b.value, { transA: true });
    expect(rewritten({ outputs: { y: product(narrow, wide) } }, [narrow, wide])).toEqual([
      "transpose",
      "gemm",
    ]);
    expect(rewritten({ outputs: { y: product(wide, narrow) } }, [narrow, wide])).toEqual([
      ...["transpose", "gemm", "transpose"],
    ]);
  });

  it("counts the copy of a right matrix once for all that multiply it", () => {
    const [x, ...gs] = [matrix("x", 600, 128), matrix("g1", 600, 160), matrix("g2", 600, 160)];
    const outputs = Object.fromEntries(
      gs.map(({ value }) => [`of ${value.name}`, gemm(value, x.value, { transA: true })]),
    );
    expect(rewritten({ outputs }, [x, ...gs])).toEqual([
      ...["transpose", "gemm", "transpose", "transpose", "gemm", "transpose"],
    ]);
  });

  it("leaves small products and doubly transposed ones alone", () => {
    const [x, g, w] = [matrix("x", 8, 1024), matrix("g", 1024, 8), matrix("w", 130, 1024)];
    const graph = {
      outputs: {
        few: mul(gemm(x.value, w.value, { transB: true }), gemm(x.value, w.value, { transB: true })),
        twice: gemm(g.value, w.value, { transA: true, transB: true }),
      },
    };
    expect(rewriteForCpu(graph).outputs).toEqual(graph.outputs);
  });
});
