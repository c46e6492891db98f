/** The best rate of matrix products on this machine: what a training step could reach at most. */

import type { Engine } from "../engine/engine.ts";
import { matrixFlops } from "../graph/flops.ts";
import { add, gemm, quantise, quantisedProduct, slice, sum } from "../graph/ops.ts";
import { filled, type Graph, input, scalar, type Value } from "../graph/value.ts";
import type { ModelConfig } from "../model/architectures.ts";
import type { Precision } from "../train/precision.ts";

const productRows = 1576;

/** Of products of the MLP's size with nothing between them, in GFLOP/s. */
export async function bestGemm(engine: Engine, config: ModelConfig, precision: Precision): Promise<number> {
  const { width, mlpWidth } = config;
  const graph = precision === "int8" ? int8Products(config) : products(config);
  const session = await engine.compile(graph);
  const feeds = {
    x: new Float32Array(productRows * width).fill(1e-3),
    w: new Float32Array(mlpWidth * width).fill(1e-3),
  };
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 4; round++) {
    const began = performance.now();
    await session.run(feeds);
    best = Math.min(best, performance.now() - began);
  }
  await session.close();
  return matrixFlops(graph) / best / 1e6;
}

/** There and back again, eight times: feeding the inputs then costs next to nothing. */
function products({ width, mlpWidth }: ModelConfig): Graph {
  const weight = input("w", [mlpWidth, width]);
  let y: Value = input("x", [productRows, width]);
  for (let round = 0; round < 8; round++) y = gemm(gemm(y, weight, { transB: true }), weight);
  return { outputs: { y: sum(y, [0, 1]) } };
}

/** Sixteen products of the same whole numbers; different scales keep them from being one. */
function int8Products({ width, mlpWidth }: ModelConfig): Graph {
  const x = quantise(input("x", [productRows, width]), scalar(1e-5), { signed: false });
  const w = quantise(input("w", [width, mlpWidth]), scalar(1e-5), { signed: true });
  const each = Array.from({ length: 16 }, (_, at) => quantisedProduct(x, w, filled([mlpWidth], at + 1)));
  // Of each a few numbers, since reading all would take as long as making them.
  const first = each.map((y) => slice(y, { axis: 0, from: 0, to: 1 }));
  return { outputs: { y: sum(first.reduce(add), [0, 1]) } };
}
