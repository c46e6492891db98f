import { describe, expect, it } from "vitest";
import { matrixFlops } from "./flops.ts";
import { add, depthwise, gemm, linear, matmul } from "./ops.ts";
import { input } from "./value.ts";

describe("matrixFlops", () => {
  it.each([
    // 2 · 4 rows · 5 columns · 3 inner
    ["linear", () => linear(input("x", [4, 3]), input("w", [5, 3]), input("b", [5])), 120],
    // aᵀ is [4, 3]
    ["gemm", () => gemm(input("x", [3, 4]), input("w", [3, 5]), { transA: true }), 120],
    // twice, once a batch
    ["matmul", () => matmul(input("x", [2, 4, 3]), input("w", [2, 3, 5])), 240],
    // 2 · 24 numbers · 9 places
    ["depthwise", () => depthwise(input("x", [1, 2, 3, 4]), input("w", [2, 1, 3, 3])), 432],
    ["nothing else", () => add(input("x", [4, 3]), input("w", [4, 3])), 0],
  ])("counts %s", (_name, build, flops) => {
    expect(matrixFlops({ outputs: { y: build() } })).toBe(flops);
  });
});
