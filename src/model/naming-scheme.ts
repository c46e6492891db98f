/** A naming scheme: how one project names and shapes the weights of a plain ViT. */

import type { Shape } from "../formats/tensor.ts";
import type { VitConfig } from "./vit.ts";

/** The sizes that a source's tensor shapes imply; they rarely imply the number of heads. */
export interface SourceSizes
  extends Pick<VitConfig, "width" | "depth" | "mlpWidth" | "patchSize" | "classes"> {
  /** Rows of the position embedding: N+1. */
  readonly tokens: number;
  readonly heads?: number;
}

/**
 * How a tensor of a source becomes ours: as it is, (in…, out) transposed, a kernel (row, column, channel, out), or positions of
 * the patches alone, before which CLS gets a row of zeros.
 */
export type Form = "same" | "transposed" | "kernel" | "patches";

export interface Row {
  /** Our name; inside a block without `blocks.{i}.`. */
  readonly ours: string;
  /** Their name, after the prefix; inside a block after `{root}{i}{separator}`. */
  readonly theirs: string;
  readonly form: Form;
  /** 0, 1 or 2: which third of the rows of a fused q, k, v. */
  readonly part?: number;
  /** Their name of the layer scale [out] that follows in a block, where there is one: it is folded into weight and bias. */
  readonly scaledBy?: string;
  /** Their shape, where it is not ours. */
  readonly shape?: (sizes: SourceSizes) => Shape;
}

export interface NamingScheme {
  /** For messages. */
  readonly title: string;
  /** What may stand before all names: one of these, or whatever the pattern matches. */
  readonly prefixes: readonly string[] | RegExp;
  /** What stands before the number of a block. */
  readonly blockRoot: string;
  readonly separator: "." | "/";
  readonly outer: readonly Row[];
  readonly block: readonly Row[];
  readonly measure: {
    /** How many axes the patch embedding has. */
    readonly patchAxes: number;
    /** Width and patch size, from the shape of the patch embedding. */
    readonly patch: (shape: Shape) => { readonly width: number; readonly patchSize: number };
    /** M, from the shape of fc1. */
    readonly mlpWidth: (shape: Shape) => number;
    /** Heads, from the shape of q. */
    readonly heads?: (shape: Shape) => number;
    /** Heads by the width, where all models of these names have the same. */
    readonly headsOfWidth?: (width: number) => number | undefined;
  };
  /** The project's default, for weights that come without a configuration. */
  readonly layerNormEps: number;
}
