/** APLA: attention's output projection trains, or some random columns of it. Sorkhei et al. 2025, https://arxiv.org/abs/2503.11335. */

import { z } from "zod";
import { add, gemm, mul, reshape } from "../graph/ops.ts";
import { constant, type Value } from "../graph/value.ts";
import type { LinearSite } from "../model/backbone.ts";
import { type Affine, affineOf, dense, onRows } from "../model/layers.ts";
import { randomStream } from "../random.ts";
import { isMatrixOf } from "./matrix-sites.ts";
import { defineMethod, type Trainable } from "./method.ts";

export const apla = defineMethod({
  name: "apla",
  summary: "trains random columns of attention's output projection, or all of it (APLA)",
  learningRate: 3e-5,
  recipe: { learningRate: 3e-3 },
  options: z.strictObject({
    /** r, as the authors' script for ViT-B takes it; they search it for each data set. */
    columns: z
      .int()
      .min(0)
      .max(65_536)
      .default(8)
      .describe("a whole number from 0 to 65536")
      .meta({ help: "output columns that train in each block; 0 for all" }),
    columnSeed: z
      .int()
      .min(0)
      .max(2 ** 31 - 1)
      .default(0)
      .describe("a whole number from 0 to 2147483647")
      .meta({ help: "seed of the choice of columns" }),
  }),
  create: ({ columns, columnSeed }) => {
    const isAdapted = isMatrixOf(["o"]);
    // A function of the options alone, so that an adapter's options say which columns its tensors are.
    const chosenAt = ({ name, out }: LinearSite) =>
      columns === 0 || columns >= out
        ? undefined
        : randomStream(columnSeed, "columns", name).permutation(out).slice(0, columns);
    return {
      trainables: ({ sites }) =>
        sites.filter(isAdapted).flatMap((site) => trainablesAt(site, chosenAt(site))),
      weight: (site, frozen, trained) => {
        if (!isAdapted(site)) return frozen;
        const chosen = chosenAt(site);
        if (!chosen) return affineOf(trained)(site);
        const part = affineOf(trained)({ name: `${site.name}.columns` });
        return replaceColumns(frozen, part, placesOf(chosen, site.out));
      },
      // y = x·W₀ᵀ + b₀ + (x·Tᵀ + t)·P, where W₀ and b₀ are 0 at the chosen columns: W needs no gradient, T [r, in] alone does.
      activation: (site, frozen, trained) => {
        const chosen = isAdapted(site) ? chosenAt(site) : undefined;
        if (!chosen) return undefined;
        const places = placesOf(chosen, site.out);
        const part = affineOf(trained)({ name: `${site.name}.columns` });
        return (x) =>
          add(
            dense(x, withoutColumns(frozen, places)),
            onRows(dense(x, part), (rows) => gemm(rows, places.put)),
          );
      },
    };
  },
});

/** A column of the paper's W [in, out] is a row of ours. All start where they are; biases are not decayed. */
function trainablesAt(
  { name, in: into, out }: LinearSite,
  chosen: readonly number[] | undefined,
): Trainable[] {
  if (!chosen)
    return [
      { name: `${name}.weight`, shape: [out, into], decay: true, start: "frozen" },
      { name: `${name}.bias`, shape: [out], decay: false, start: "frozen" },
    ];
  const pick = (part: string, width: number) => ({
    name: `${name}.${part}`,
    make: (values: Float32Array) => pickRows(values, chosen, width),
  });
  return [
    {
      name: `${name}.columns.weight`,
      shape: [chosen.length, into],
      decay: true,
      start: "frozen",
      from: pick("weight", into),
    },
    {
      name: `${name}.columns.bias`,
      shape: [chosen.length],
      decay: false,
      start: "frozen",
      from: pick("bias", 1),
    },
  ];
}

const pickRows = (values: Float32Array, rows: readonly number[], width: number): Float32Array =>
  Float32Array.from({ length: rows.length * width }, (_, at) => {
    const row = rows[Math.floor(at / width)] as number;
    return values[row * width + (at % width)] as number;
  });

interface Places {
  /** P [r, out]: row i is 1 at the i-th chosen column. */
  readonly put: Value;
  /** [out]: 0 at chosen columns, else 1. */
  readonly keep: Value;
}

function placesOf(chosen: readonly number[], out: number): Places {
  const put = new Float32Array(chosen.length * out);
  const keep = new Float32Array(out).fill(1);
  for (const [index, column] of chosen.entries()) {
    put[index * out + column] = 1;
    keep[column] = 0;
  }
  return {
    put: constant({ shape: [chosen.length, out], data: put }),
    keep: constant({ shape: [out], data: keep }),
  };
}

const withoutColumns = ({ weight, bias }: Affine, { keep }: Places): Affine => ({
  weight: mul(weight, reshape(keep, [keep.shape[0] as number, 1])),
  bias: mul(bias, keep),
});

/** W' = W₀ + Pᵀ·T and b' = b₀ + t·P: sums of a number and zeros, so exact. */
function replaceColumns(frozen: Affine, part: Affine, places: Places): Affine {
  const rest = withoutColumns(frozen, places);
  const [count, out] = places.put.shape as readonly [number, number];
  const bias = reshape(gemm(reshape(part.bias, [1, count]), places.put), [out]);
  return {
    weight: add(rest.weight, gemm(places.put, part.weight, { transA: true })),
    bias: add(rest.bias, bias),
  };
}
