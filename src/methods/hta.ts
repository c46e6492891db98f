/** HTA: a diagonal between two Householder reflections, beside LoRA of rank 1. Dong et al., NeurIPS 2024, https://arxiv.org/abs/2410.22952. */

import { z } from "zod";
import { add, concat, gemm, mul, neg, pad, reshape, slice, sub, sum, transpose } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import type { LinearSite } from "../model/backbone.ts";
import { dense, onRows, type ValueOf } from "../model/layers.ts";
import { lowRankTrainables } from "./low-rank.ts";
import { isMatrixOf, sitesOption } from "./matrix-sites.ts";
import { defineMethod, startUniform, startZero, type Trainable } from "./method.ts";

// A reflection on both sides of one diagonal needs a square matrix.
const roles = ["q", "k", "v", "o"] as const;

export const hta = defineMethod({
  name: "hta",
  summary:
    "adds a diagonal between two reflections, and a low-rank matrix, to the weights of attention (HTA)",
  learningRate: 1e-3,
  recipe: { learningRate: 3e-3 },
  options: z.strictObject({
    rank: z
      .int()
      .min(0)
      .max(256)
      .default(1)
      .describe("a whole number from 0 to 256")
      .meta({ help: "rank of the matrix beside the reflections" }),
    sites: sitesOption(roles, roles),
  }),
  create: ({ rank, sites }) => {
    const isAdapted = isMatrixOf(sites);
    return {
      trainables: (structure) =>
        structure.sites.filter(isAdapted).flatMap((site) => trainablesAt(site, rank)),
      weight: (site, frozen, trained) =>
        isAdapted(site)
          ? { ...frozen, weight: add(frozen.weight, addedWeight(partsAt(site, rank, trained))) }
          : frozen,
      activation: (site, frozen, trained) =>
        isAdapted(site)
          ? (x) =>
              add(
                dense(x, frozen),
                onRows(x, (rows) => added(rows, partsAt(site, rank, trained))),
              )
          : undefined,
    };
  },
});

/**
 * The diagonal and B at zero, so the sum is W at step 0; A as in LoRA. The paper prints no start for the vectors. Kaiming uniform,
 * its group's choice elsewhere, gives ‖v‖² = 2 on average, for which I - v·vᵀ is a reflection.
 */
function trainablesAt(site: LinearSite, rank: number): Trainable[] {
  const { name, in: into, out } = site;
  const vector = (side: string): Trainable => ({
    name: `${name}.${side}`,
    shape: [1, into],
    decay: true,
    start: startUniform(into, Math.sqrt(6 / into)),
  });
  const diagonal = { name: `${name}.diagonal`, shape: [out], decay: true, start: startZero(out) };
  const lowRank = rank > 0 ? lowRankTrainables(site, rank) : [];
  return [vector("left"), diagonal, vector("right"), ...lowRank];
}

interface Parts {
  readonly left: Value; // [1, D]
  readonly diagonal: Value; // [D]
  readonly right: Value; // [1, D]
  readonly lowRank: { readonly a: Value; readonly b: Value } | undefined; // [rank, D], [D, rank]
}

function partsAt({ name }: LinearSite, rank: number, trained: ValueOf): Parts {
  const of = (part: string) => trained(`${name}.${part}`);
  const lowRank = rank > 0 ? { a: of("lora_a"), b: of("lora_b") } : undefined;
  return { left: of("left"), diagonal: of("diagonal"), right: of("right"), lowRank };
}

/** x·(I - l·lᵀ)·diag(d)·(I - r·rᵀ) + (x·Aᵀ)·Bᵀ for rows x [n, D], without a matrix [D, D]. */
function added(x: Value, { left, diagonal, right, lowRank }: Parts): Value {
  const y = reflect(mul(reflect(x, left), diagonal), right);
  return lowRank ? add(y, gemm(gemm(x, lowRank.a, { transB: true }), lowRank.b, { transB: true })) : y;
}

/** x - (x·vᵀ)·v: the vectors are not normalised, as published. */
const reflect = (x: Value, v: Value): Value => sub(x, gemm(gemm(x, v, { transB: true }), v));

/**
 * The same as a weight [out, in]: (I - r·rᵀ)·diag(d)·(I - l·lᵀ) + B·A = diag(d) - [r, d⊙l]·[d⊙r - (r·d·l) l, l]ᵀ + B·A,
 * so that it costs one thin product.
 */
function addedWeight({ left, diagonal, right, lowRank }: Parts): Value {
  const overlap = sum(mul(mul(right, diagonal), left), [0, 1]); // [1, 1]
  const columns = concat(right, mul(left, diagonal), 0); // [2, D]
  const rows = concat(sub(mul(right, diagonal), mul(left, overlap)), left, 0); // [2, D]
  if (!lowRank) return sub(diagonalMatrix(diagonal), gemm(columns, rows, { transA: true }));
  const outer = concat(neg(transpose(columns, [1, 0])), lowRank.b, 1); // [D, 2 + rank]
  return add(diagonalMatrix(diagonal), gemm(outer, concat(rows, lowRank.a, 0)));
}

/** d [n] on the diagonal of zeros [n, n]: rows of n + 1 numbers, d first, read again as rows of n. */
function diagonalMatrix(d: Value): Value {
  const n = d.shape[0] as number;
  const long = pad(reshape(d, [n, 1]), { axis: 1, before: 0, after: n });
  return reshape(slice(reshape(long, [n * (n + 1)]), { axis: 0, from: 0, to: n * n }), [n, n]);
}
