/** What FacT-TT and FacT-TK share: two bases for all matrices. Jie and Deng, AAAI 2023, https://arxiv.org/abs/2212.03145. */

import { z } from "zod";
import { InputError } from "../errors.ts";
import { expand, gemm, matmul, mul, reshape } from "../graph/ops.ts";
import { scalar, type Value } from "../graph/value.ts";
import type { LinearSite, Site, Structure } from "../model/backbone.ts";
import type { ValueOf } from "../model/layers.ts";
import { rankOption } from "./low-rank.ts";
import { startUniform, startZero, type Trainable } from "./method.ts";
import { oneWidth } from "./one-width.ts";

/** The options of both; the authors' ranks on VTAB-1k are at most `rank`. */
export const factOptions = (rank: number) =>
  z.strictObject({
    rank: rankOption(rank, "rank of the added matrices"),
    /** The authors choose it for each data set, from 0.01 to 100; 1 is their code's default. */
    scale: z
      .number()
      .gt(0)
      .max(1e4)
      .default(1)
      .describe("a number above 0, at most 10000")
      .meta({ help: "factor of the added matrices" }),
  });
export type FactOptions = z.output<ReturnType<typeof factOptions>>;

/** The matrices of all blocks; not that of the patches. */
export const isFactored = (site: Site): site is LinearSite => site.kind === "linear";

/** How many squares of the model's width a matrix has: fc1 four, one below the other, fc2 four side by side. */
export function squaresOf(
  { name, in: into, out }: LinearSite,
  width: number,
): { rows: number; columns: number } {
  const [rows, columns] = [out / width, into / width];
  if (Number.isInteger(rows) && Number.isInteger(columns)) return { rows, columns };
  throw new InputError(
    `FacT cuts each matrix into squares of the model's width, ${width}, but that of ${name} is ${out} x ${into}. Choose another method for this model.`,
  );
}

/** The model's width, and the bases U [r, D] and V [D, r], which starts at zero: so do all increments. */
export function basesOf(structure: Structure, rank: number): { width: number; bases: Trainable[] } {
  const width = oneWidth(structure, { method: "FacT", why: "all matrices share two bases of that width" });
  const bases: Trainable[] = [
    {
      name: "shared.u",
      shape: [rank, width],
      decay: true,
      start: startUniform(rank * width, 1 / Math.sqrt(width)),
    },
    { name: "shared.v", shape: [width, rank], decay: true, start: startZero(width * rank) },
  ];
  return { width, bases };
}

/** s · V·Σ·U of every square at once: Σ [rows·r, columns·r] holds one core [r, r] for each. → [out, in] */
export function increment(
  site: LinearSite,
  sigma: Value,
  { trained, rank, scale }: FactOptions & { trained: ValueOf },
): Value {
  const [u, v] = [trained("shared.u"), trained("shared.v")];
  const width = u.shape[1] as number;
  const { rows, columns } = squaresOf(site, width);
  // Scaled while it is small.
  const scaled = scale === 1 ? sigma : mul(sigma, scalar(scale));
  const left = matmul(expand(v, [rows, width, rank]), reshape(scaled, [rows, rank, columns * rank])); // [rows, D, columns·r]
  const squares = gemm(reshape(left, [rows * width * columns, rank]), u); // [rows·D·columns, D]
  return reshape(squares, [site.out, site.in]);
}
