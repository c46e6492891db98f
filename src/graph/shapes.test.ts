import { describe, expect, it } from "vitest";
import { GraphError } from "../errors.ts";
import type { Shape } from "../formats/tensor.ts";
import {
  add,
  concat,
  expand,
  gemm,
  invStd,
  linear,
  matmul,
  mean,
  pad,
  reshape,
  slice,
  sum,
  transpose,
} from "./ops.ts";
import { dims, sizeAlong } from "./shapes.ts";
import { input } from "./value.ts";

const of = (...shape: number[]) => input(`x${shape}`, shape);

const mistakes: readonly [make: () => unknown, message: string][] = [
  [() => add(of(2, 3), of(2)), "add: shapes do not broadcast, [2, 3] and [2]."],
  [() => expand(of(2), [3]), "expand: shapes do not broadcast, [2] and [3]."],
  [() => sum(of(2, 3), [2]), "sum: axis 2 is outside [2, 3]."],
  [() => mean(of(2, 3), [-1]), "mean: axis -1 is outside [2, 3]."],
  [() => invStd(of(), 1e-6), "invStd: axis -1 is outside []."],
  [() => reshape(of(2, 3), [4, 2]), "reshape: [2, 3] holds 6 numbers, [4, 2] needs 8."],
  [() => reshape(of(2, 3), [2, 1.5, 2]), "reshape: sizes are whole numbers above 0, got [2, 1.5, 2]."],
  [() => reshape(of(2, 3), [-2, -3]), "reshape: sizes are whole numbers above 0, got [-2, -3]."],
  [() => transpose(of(2, 3), [0, 2]), "transpose: [0, 2] is not an order of the axes of [2, 3]."],
  [() => transpose(of(2, 3), [1, 1]), "transpose: [1, 1] is not an order of the axes of [2, 3]."],
  [() => transpose(of(2, 3), []), "transpose: [] is not an order of the axes of [2, 3]."],
  [() => slice(of(2, 3), { axis: 1, from: 1, to: 4 }), "slice: 1 to 4 of axis 1 is not inside [2, 3]."],
  [() => slice(of(2, 3), { axis: 1, from: 2, to: 2 }), "slice: 2 to 2 of axis 1 is not inside [2, 3]."],
  [() => slice(of(2, 3), { axis: 2, from: 0, to: 1 }), "slice: 0 to 1 of axis 2 is not inside [2, 3]."],
  [() => slice(of(2, 3), { axis: 0, from: -1, to: 1 }), "slice: -1 to 1 of axis 0 is not inside [2, 3]."],
  [() => pad(of(2, 3), { axis: 2, before: 1, after: 0 }), "pad: 1 and 0 cannot go around axis 2 of [2, 3]."],
  [
    () => pad(of(2, 3), { axis: 0, before: -1, after: 0 }),
    "pad: -1 and 0 cannot go around axis 0 of [2, 3].",
  ],
  [() => concat(of(2, 3), of(2, 4), 0), "concat: [2, 3] and [2, 4] do not join along axis 0."],
  [() => concat(of(2, 3), of(3), 0), "concat: [2, 3] and [3] do not join along axis 0."],
  [() => concat(of(2, 3), of(2, 3), 2), "concat: [2, 3] and [2, 3] do not join along axis 2."],
  [
    () => matmul(of(8, 197, 768), of(8, 3072, 768)),
    "matmul: inner or batch sizes differ, [8, 197, 768] × [8, 3072, 768].",
  ],
  [() => matmul(of(2, 3, 4), of(3, 4, 5)), "matmul: inner or batch sizes differ, [2, 3, 4] × [3, 4, 5]."],
  [() => matmul(of(2, 3, 4), of(4, 5)), "matmul: inner or batch sizes differ, [2, 3, 4] × [4, 5]."],
  [() => matmul(of(3), of(3)), "matmul: inner or batch sizes differ, [3] × [3]."],
  [() => gemm(of(2, 3), of(2, 3)), "gemm: inner sizes differ, [2, 3] × [2, 3]."],
  [() => gemm(of(2, 3), of(3, 2), { transA: true }), "gemm: inner sizes differ, [2, 3]ᵀ × [3, 2]."],
  [() => gemm(of(2, 3, 4), of(4, 5)), "gemm: needs two matrices, got [2, 3, 4] and [4, 5]."],
  [() => linear(of(2, 3), of(4, 2), of(4)), "linear: inner sizes differ, [2, 3] × [4, 2]ᵀ."],
  [() => linear(of(3), of(4, 3), of(4)), "linear: needs two matrices, got [3] and [4, 3]."],
  [() => linear(of(2, 3), of(4, 3), of(3)), "linear: bias [3] does not fit weight [4, 3]."],
  [() => linear(of(2, 3), of(4, 3), of(1, 4)), "linear: bias [1, 4] does not fit weight [4, 3]."],
];

describe("shape rules", () => {
  it.each(mistakes)("%s", (make, message) => {
    const error = thrownBy(make);
    expect(error).toBeInstanceOf(GraphError);
    const [said, place] = error.message.split(" Made at ");
    expect(said).toBe(message);
    expect(place).toMatch(/shapes\.test\.ts:\d+:\d+\)?\.$/);
  });

  it("name the line that built the wrong shape", () => {
    const here = Number(/shapes\.test\.ts:(\d+)/.exec(new Error("here").stack ?? "")?.[1]);
    const error = thrownBy(() => wrongAttention(of(2, 3)));
    expect(error.message).toMatch(
      new RegExp(`^add: .* Made at wrongAttention \\(.*shapes\\.test\\.ts:${here + 9}:\\d+\\)\\.$`),
    );
    expect(error.cause).toBeInstanceOf(GraphError);
  });

  function wrongAttention(x: ReturnType<typeof of>) {
    return add(x, of(5)); // 9 lines below `here`
  }
});

function thrownBy(make: () => unknown): Error {
  try {
    make();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("nothing was thrown");
}

describe("dims", () => {
  it("gives the sizes of a value that has so many axes", () => {
    const [batch, tokens, width] = dims(of(2, 3, 4), 3);
    expect([batch, tokens, width]).toEqual([2, 3, 4]);
  });

  it.each([
    [[2, 3], 3, "dims: a value of 3 axes is needed, got [2, 3]."],
    [[2, 3], 1, "dims: a value of 1 axis is needed, got [2, 3]."],
    [[], 4, "dims: a value of 4 axes is needed, got []."],
  ] as const)(
    "refuses %j where %i are needed, and tells where the value was made",
    (shape, rank, message) => {
      const error = thrownBy(() => dims(of(...shape), rank));
      expect(error).toBeInstanceOf(GraphError);
      expect(error.message.split(" Made at ")).toEqual([
        message,
        expect.stringMatching(/shapes\.test\.ts:\d+:\d+\)?\.$/),
      ]);
    },
  );
});

describe("sizeAlong", () => {
  it("counts axes from either end", () => {
    expect([sizeAlong([2, 3, 4], 1), sizeAlong([2, 3, 4], -1)]).toEqual([3, 4]);
  });

  it("refuses an axis that is not there", () => {
    expect(() => sizeAlong([2, 3], 2)).toThrow(new GraphError("Axis 2 is outside [2, 3]."));
  });
});

describe("broadcasting", () => {
  it.each<[Shape, Shape, Shape]>([
    [[], [2], [2]],
    [
      [2, 1],
      [1, 3],
      [2, 3],
    ],
    [
      [4, 1, 2],
      [3, 1],
      [4, 3, 2],
    ],
  ])("broadcasts %j and %j to %j", (a, b, to) => {
    expect(add(of(...a), of(...b)).shape).toEqual(to);
  });
});
