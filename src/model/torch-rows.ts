/** Rows of naming schemes for weights as PyTorch keeps them: weight (out, in) and bias; patches (D, 3, p, p). */

import { sizeAlong } from "../graph/shapes.ts";
import type { NamingScheme, Row } from "./naming-scheme.ts";

type Extra = Omit<Row, "ours" | "theirs" | "form">;

export const pair = (ours: string, theirs: string, extra: Extra = {}): readonly Row[] =>
  ["weight", "bias"].map((kind) => ({
    ours: `${ours}.${kind}`,
    theirs: `${theirs}.${kind}`,
    form: "same",
    ...extra,
  }));

/** What training tools put before a model's own names: `module.`, `backbone.`, `model.encoder.`. */
export const anyPrefix = /^(\w+\.){0,4}$/;

export const single = (ours: string, theirs: string, extra: Extra = {}): Row => ({
  ...{ ours, theirs, form: "same", ...extra },
});

/** The two halves of one matrix: the gate, and what it opens. */
export const packed = (theirs: string): readonly Row[] => [
  ...pair("gate", theirs, { part: 0, parts: 2, packed: true }),
  ...pair("fc1", theirs, { part: 1, parts: 2, packed: true }),
];

export const patches = (theirs: string): readonly Row[] => [
  {
    ours: "patch.weight",
    theirs: `${theirs}.weight`,
    form: "same",
    shape: ({ width, patchSize }) => [width, 3, patchSize, patchSize],
  },
  single("patch.bias", `${theirs}.bias`),
];

export const torch = {
  separator: ".",
  measure: {
    patchAxes: 4,
    patch: (shape) => ({ width: sizeAlong(shape, 0), patchSize: sizeAlong(shape, 2) }),
    mlpWidth: (shape) => sizeAlong(shape, 0),
  },
} as const satisfies Partial<NamingScheme>;

/** A third of what PyTorch's own attention keeps as one. */
export const inProjection = (ours: string, theirs: string, part: number): readonly Row[] =>
  ["weight", "bias"].map((kind) => single(`${ours}.${kind}`, `${theirs}.in_proj_${kind}`, { part }));
