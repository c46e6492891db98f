/** Attention inside windows, with a bias by relative position: Swin's by scaled products, SwinV2's by cosines. */

import { add, div, matmul, mul, reshape, softmax, sqrt, sum, swap, transpose } from "../graph/ops.ts";
import { dims } from "../graph/shapes.ts";
import { scalar, type Value } from "../graph/value.ts";
import type { LinearSite } from "./backbone.ts";
import type { Layers } from "./layers.ts";
import { shiftMask, type Windowing, windowCount } from "./windows.ts";

export interface WindowAttention {
  readonly sites: {
    readonly q: LinearSite;
    readonly k: LinearSite;
    readonly v: LinearSite;
    readonly o: LinearSite;
  };
  readonly heads: number;
  readonly cut: Windowing;
  /** What is added to the scores by the positions of two tokens: [heads, tokens, tokens]. */
  readonly bias: Value;
  /** What multiplies the cosines of queries and keys, [heads, 1, 1], where they take the place of scaled products. */
  readonly cosineScale?: Value;
}

/** softmax(scores + bias)·v of each window and head, heads side by side, then the output projection: x [batch · windows, tokens, D] → the same. */
export function windowAttention(x: Value, layers: Layers, options: WindowAttention): Value {
  const { sites, heads, cut, bias, cosineScale } = options;
  const split = (site: LinearSite) => {
    const [windows, tokens] = dims(x, 3);
    const rows = reshape(layers.linear(site, x), [windows, tokens, heads, site.out / heads]);
    return transpose(rows, [0, 2, 1, 3]); // [batch · windows, heads, tokens, size]
  };
  const [q, k] = [split(sites.q), split(sites.k)];
  const scores = cosineScale
    ? mul(matmul(direction(q), swap(direction(k))), cosineScale)
    : matmul(mul(q, scalar(dims(q, 4)[3] ** -0.5)), swap(k)); // [batch · windows, heads, tokens, tokens]
  const mixed = matmul(softmax(biased(scores, { bias, cut })), split(sites.v));
  return layers.linear(sites.o, reshape(transpose(mixed, [0, 2, 1, 3]), x.shape));
}

/** Adds the bias to the scores, and to those of shifted windows what keeps apart what was not side by side. */
function biased(scores: Value, { bias, cut }: Pick<WindowAttention, "bias" | "cut">): Value {
  const mask = shiftMask(cut);
  if (!mask) return add(scores, bias);
  const [all, ...rest] = dims(scores, 4);
  const windows = windowCount(cut);
  const byWindow = reshape(scores, [all / windows, windows, ...rest]);
  return reshape(add(byWindow, add(bias, mask)), scores.shape); // bias + mask [windows, heads, tokens, tokens]
}

/** Far below any length that a query has, so that one of zeros stays zeros; the smallest number of float16. */
const TINY = 2 ** -24;

/** x / ‖x‖ along the last axis. */
const direction = (x: Value): Value => div(x, sqrt(add(sum(mul(x, x), [3]), scalar(TINY))));
