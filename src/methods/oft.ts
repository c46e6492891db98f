/** OFT: the inputs of a weight rotated, block by block. Qiu et al., NeurIPS 2023, https://arxiv.org/abs/2306.07280, eq. 3 and sec. 3.2. */

import { z } from "zod";
import { InputError } from "../errors.ts";
import {
  add,
  div,
  gemm,
  matmul,
  mul,
  reshape,
  stopGradient,
  sub,
  sum,
  swap,
  transpose,
} from "../graph/ops.ts";
import { constant, scalar, type Value } from "../graph/value.ts";
import type { LinearSite } from "../model/backbone.ts";
import { dense, onRows, type ValueOf } from "../model/layers.ts";
import { isMatrixOf, matrixRoles, sitesOption } from "./matrix-sites.ts";
import { defineMethod, startZero } from "./method.ts";

/** What spreads a block's numbers has size³·(size-1)/2 of its own: 33 MB for 64, 532 MB for 128. */
const MOST = 64;

export const oft = defineMethod({
  name: "oft",
  summary: "rotates the inputs of every weight, in blocks (orthogonal fine-tuning)",
  learningRate: 1e-3,
  recipe: { learningRate: 3e-3 },
  options: z.strictObject({
    blockSize: z.int().min(2).max(MOST).default(32).describe(`a whole number from 2 to ${MOST}`).meta({
      help: "inputs rotated among themselves: the largest divisor of the width that is at most this",
    }),
    sites: sitesOption(matrixRoles, matrixRoles),
  }),
  create: ({ blockSize, sites }) => {
    const isAdapted = isMatrixOf(sites);
    const constantsAt = constantsBySize();
    const rotationAt = (site: LinearSite, trained: ValueOf) =>
      cayley(trained(`${site.name}.skew`), constantsAt(sizeAt(site, blockSize)));
    return {
      // All angles at 0: the start is W. Decay pulls there.
      trainables: (structure) =>
        structure.sites.filter(isAdapted).map((site) => {
          const size = sizeAt(site, blockSize);
          const shape = [site.in / size, (size * (size - 1)) / 2];
          const start = startZero((site.in * (size - 1)) / 2);
          return { name: `${site.name}.skew`, shape, decay: true, start };
        }),
      // W' = W·Rᵀ with W [out, in] and R [in, in] made of rotations along its diagonal; the bias stays
      weight: (site, frozen, trained) =>
        isAdapted(site)
          ? { ...frozen, weight: rotate(frozen.weight, swap(rotationAt(site, trained))) }
          : frozen,
      // y = (x·R)·Wᵀ + b: W needs no gradient.
      activation: (site, frozen, trained) =>
        isAdapted(site)
          ? (x) =>
              dense(
                onRows(x, (rows) => rotate(rows, rotationAt(site, trained))),
                frozen,
              )
          : undefined,
    };
  },
});

/** The largest divisor of a site's inputs that is at most `most`. */
function sizeAt({ name, in: width }: LinearSite, most: number): number {
  let size = Math.min(most, width);
  while (width % size !== 0) size--;
  if (size > 1) return size;
  throw new InputError(
    (show) =>
      `OFT rotates inputs in blocks, but the ${width} inputs of ${name} cannot be cut into blocks of 2 to ${most}. Choose a larger ${show("blockSize")}, or another method for this model.`,
  );
}

/** x [n, in] · R for R [blocks, size, size] along a diagonal: each block of x by its own matrix. */
function rotate(x: Value, rotation: Value): Value {
  const [blocks, size] = rotation.shape as readonly [number, number, number];
  const rows = x.shape[0] as number;
  const byBlock = transpose(reshape(x, [rows, blocks, size]), [1, 0, 2]); // [blocks, n, size]
  return reshape(transpose(matmul(byBlock, rotation), [1, 0, 2]), [rows, blocks * size]);
}

/** Eq. 3: R = (I + Q)⁻¹·(I - Q), a rotation where Q is skew: Qᵀ = -Q. `upper` [blocks, size·(size-1)/2] is Q above its diagonal. */
function cayley(upper: Value, { spread, identity }: Constants): Value {
  const [blocks, size] = [upper.shape[0] as number, identity.shape[1] as number];
  const skew = reshape(gemm(upper, spread), [blocks, size, size]);
  return matmul(inverseWith(skew, identity), sub(identity, skew));
}

/** Enough for numbers of Q up to 2 or so, far beyond what training reaches; ‖Q‖² grows as the square of a block's size. */
const stepsFor = (size: number): number => 14 + Math.max(0, Math.ceil(2 * Math.log2(size / 32)));

/**
 * (I + Q)⁻¹ by Newton's iteration X ← X·(2I - A·X) with A = I + Q. Q being skew, A·Aᵀ = I + Q·Qᵀ has eigenvalues from 1 to at
 * most 1 + n with n = ½‖Q‖², so Aᵀ · 2/(2 + n) is off by at most n/(2 + n) < 1, which each step squares. The last step alone
 * has a gradient: there X is the inverse already, and d(X·(2I - A·X)) = -X·dA·X is the inverse's own.
 */
function inverseWith(skew: Value, identity: Value): Value {
  const size = identity.shape[1] as number;
  const matrix = add(identity, skew);
  const half = mul(sum(mul(skew, skew), [1, 2]), scalar(0.5)); // [blocks, 1, 1]
  const held = stopGradient(matrix);
  const twice = mul(identity, scalar(2));
  let inverse = stopGradient(mul(swap(matrix), div(scalar(2), add(half, scalar(2)))));
  for (let step = 0; step < stepsFor(size); step++)
    inverse = matmul(inverse, sub(twice, matmul(held, inverse)));
  return matmul(inverse, sub(twice, matmul(matrix, inverse)));
}

interface Constants {
  /** [size·(size-1)/2, size²]. */
  readonly spread: Value;
  /** [1, size, size]. */
  readonly identity: Value;
}

/** The same values for all sites of a size, so that a graph holds them once. */
function constantsBySize(): (size: number) => Constants {
  const made = new Map<number, Constants>();
  return (size) => {
    const constants = made.get(size) ?? { spread: spreadOf(size), identity: identityOf(size) };
    made.set(size, constants);
    return constants;
  };
}

const identityOf = (size: number): Value =>
  constant({
    shape: [1, size, size],
    data: Float32Array.from({ length: size * size }, (_, at) => +(at % (size + 1) === 0)),
  });

/** [size·(size-1)/2, size²]: number k of the upper triangle, row by row, goes to its place, and negated to that across the diagonal. */
function spreadOf(size: number): Value {
  const count = (size * (size - 1)) / 2;
  const data = new Float32Array(count * size * size);
  let k = 0;
  for (let row = 0; row < size; row++)
    for (let column = row + 1; column < size; column++, k++) {
      data[k * size * size + row * size + column] = 1;
      data[k * size * size + column * size + row] = -1;
    }
  return constant({ shape: [count, size * size], data });
}
