/** The layers that a backbone calls at its sites: frozen, with adapted weights, or with changes on activations. */

import { add, linear, mul, normalize, reshape } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import type { BranchSite, LinearSite, NormSite } from "./sites.ts";

/** Weight and bias of a site: [out, in] and [out], or both [out] for a norm. */
export interface Affine {
  readonly weight: Value;
  readonly bias: Value;
}

/** A named tensor as a value of the graph: frozen, adapted or trained. */
export type ValueOf = (name: string) => Value;

/** What a residual branch has read and made, each [batch, tokens, width]. */
export interface BranchValues {
  readonly x: Value;
  /** x after the branch's norm, which its first matrix reads. */
  readonly normed: Value;
  readonly y: Value;
}

export interface Layers {
  /** x [..., in] → [..., out]. */
  linear(site: LinearSite, x: Value): Value;
  /** x [..., width] → the same. */
  norm(site: NormSite, x: Value): Value;
  /** What the residual branch adds. */
  branch(site: BranchSite, io: BranchValues): Value;
  /** The tokens that a block reads, CLS first: [batch, tokens, width]. */
  tokens(block: number, x: Value): Value;
  /** A tensor that belongs to no site: CLS, positions. */
  parameter(name: string): Value;
  /** The site as one matrix and a bias, where it is nothing else: the backbone may then reorder products around it. */
  matrix(site: LinearSite): Affine | undefined;
  /** Whether no layer reads another token than its own, so that tokens which nobody reads need not be computed. */
  readonly tokenwise: boolean;
}

/**
 * Changes to layers. Each function says for one site what is computed there instead, or gives `undefined` where nothing
 * changes; `before` is the layer as it was.
 */
export interface LayerChanges {
  readonly linear?: (site: LinearSite) => ((x: Value, before: (x: Value) => Value) => Value) | undefined;
  readonly branch?: (site: BranchSite) => ((io: BranchValues) => Value) | undefined;
  /** `perturb` is to be called on tokens [batch, n, width] that are added: consistency noise acts there. */
  readonly tokens?: (block: number) => ((x: Value, perturb: (added: Value) => Value) => Value) | undefined;
  /** False where a change reads other tokens than its own, as a convolution over patches does. */
  readonly tokenwise?: boolean;
}

/** x [..., in] · weightᵀ + bias → [..., out]. */
export function dense(x: Value, { weight, bias }: Affine): Value {
  return onRows(x, (rows) => linear(rows, weight, bias));
}

/** Applies what works on rows [n, in] to [..., in]. */
export function onRows(x: Value, f: (rows: Value) => Value): Value {
  const leading = x.shape.slice(0, -1);
  const count = leading.reduce((a, b) => a * b, 1);
  const rows = f(reshape(x, [count, ...x.shape.slice(-1)]));
  return reshape(rows, [...leading, ...rows.shape.slice(-1)]);
}

/** Layers that are their weights and nothing else. Each site's weights are asked for once. */
export function weightLayers(affine: (site: LinearSite | NormSite) => Affine, parameter: ValueOf): Layers {
  const each = once(affine);
  return {
    linear: (site, x) => dense(x, each(site)),
    norm: (site, x) => {
      const { weight, bias } = each(site);
      return add(mul(normalize(x, site.epsilon), weight), bias);
    },
    branch: (_site, { y }) => y,
    tokens: (_block, x) => x,
    parameter,
    matrix: each,
    tokenwise: true,
  };
}

/** The weight and bias that `tensors` names for a site. */
export const affineOf =
  (tensors: ValueOf) =>
  ({ name }: { readonly name: string }): Affine => ({
    weight: tensors(`${name}.weight`),
    bias: tensors(`${name}.bias`),
  });

/** Layers with `changes` on top. A site that is changed is no longer one matrix. */
export const changeLayers = (
  base: Layers,
  changes: LayerChanges,
  { perturb = (_block, added) => added }: { perturb?: (block: number, added: Value) => Value } = {},
): Layers => ({
  ...base,
  linear: (site, x) => {
    const change = changes.linear?.(site);
    return change ? change(x, (input) => base.linear(site, input)) : base.linear(site, x);
  },
  branch: (site, io) => {
    const y = base.branch(site, io);
    return changes.branch?.(site)?.({ ...io, y }) ?? y;
  },
  tokens: (block, x) => {
    const before = base.tokens(block, x);
    return changes.tokens?.(block)?.(before, (added) => perturb(block, added)) ?? before;
  },
  matrix: (site) => (changes.linear?.(site) ? undefined : base.matrix(site)),
  tokenwise: base.tokenwise && changes.tokenwise !== false,
});

/** Remembers the answer for each site or name, so that every use of it is the same value of the graph. */
export function once<Key extends string | { readonly name: string }, Answer>(
  ask: (key: Key) => Answer,
): (key: Key) => Answer {
  const known = new Map<string, Answer>();
  return (key) => {
    const name = typeof key === "string" ? key : key.name;
    const answer = known.get(name) ?? ask(key);
    known.set(name, answer);
    return answer;
  };
}
