/** The best rate of matrix products on this machine: what a training step could reach at most. */

import type { Engine } from "../engine/engine.ts";
import { matrixFlops } from "../graph/flops.ts";
import { add, gemm, quantise, quantisedProduct, slice, sum } from "../graph/ops.ts";
import { filled, type Graph, input, scalar, type Value } from "../graph/value.ts";
import { backboneOf, type ModelConfig } from "../model/architectures.ts";
import type { LinearSite } from "../model/backbone.ts";
import type { Precision } from "../train/precision.ts";

const productRows = 1576;

/** Of products of the largest matrix' size with nothing between them, in GFLOP/s. */
export async function bestGemm(engine: Engine, config: ModelConfig, precision: Precision): Promise<number> {
  const matrix = largestMatrix(config);
  const { in: width, out } = matrix;
  const graph = precision === "int8" ? int8Products(matrix) : products(matrix);
  const session = await engine.compile(graph);
  const feeds = {
    x: new Float32Array(productRows * width).fill(1e-3),
    w: new Float32Array(out * width).fill(1e-3),
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
function products({ in: width, out }: LinearSite): Graph {
  const weight = input("w", [out, width]);
  let y: Value = input("x", [productRows, width]);
  for (let round = 0; round < 8; round++) y = gemm(gemm(y, weight, { transB: true }), weight);
  return { outputs: { y: sum(y, [0, 1]) } };
}

/** Sixteen products of the same whole numbers; different scales keep them from being one. */
function int8Products({ in: width, out }: LinearSite): Graph {
  const x = quantise(input("x", [productRows, width]), scalar(1e-5), { signed: false });
  const w = quantise(input("w", [width, out]), scalar(1e-5), { signed: true });
  const each = Array.from({ length: 16 }, (_, at) => quantisedProduct(x, w, filled([out], at + 1)));
  // Of each a few numbers, since reading all would take as long as making them.
  const first = each.map((y) => slice(y, { axis: 0, from: 0, to: 1 }));
  return { outputs: { y: sum(first.reduce(add), [0, 1]) } };
}

function largestMatrix(config: ModelConfig): LinearSite {
  const matrices = backboneOf(config).sites.flatMap((site) => (site.kind === "linear" ? [site] : []));
  return matrices.reduce((largest, site) => (site.in * site.out > largest.in * largest.out ? site : largest));
}
