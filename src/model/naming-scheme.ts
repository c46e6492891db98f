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

/** How a tensor of a source becomes ours: as it is, (in…, out) transposed, or a kernel (row, column, channel, out). */
export type Form = "same" | "transposed" | "kernel";

export interface Row {
  /** Our name; inside a block without `blocks.{i}.`. */
  readonly ours: string;
  /** Their name, after the prefix; inside a block after `{root}{i}{separator}`. */
  readonly theirs: string;
  readonly form: Form;
  /** 0, 1 or 2: which third of the rows of a fused q, k, v. */
  readonly part?: number;
  /** Their shape, where it is not ours. */
  readonly shape?: (sizes: SourceSizes) => Shape;
}

export interface NamingScheme {
  /** For messages. */
  readonly title: string;
  readonly prefixes: readonly string[];
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
  };
  /** The project's default, for weights that come without a configuration. */
  readonly layerNormEps: number;
}
