/** A naming scheme: how one project names and shapes the weights of a Vision Transformer. */

import type { Shape } from "../formats/tensor.ts";
import type { VitConfig, VitVariations } from "./vit-config.ts";

/** The sizes that a source's tensor shapes imply; they rarely imply the number of heads. */
export interface SourceSizes
  extends Pick<VitConfig, "width" | "depth" | "mlpWidth" | "patchSize" | "classes"> {
  /** Tokens with positions: patches, CLS, distillation. */
  readonly tokens: number;
  readonly heads?: number;
}

/**
 * How a tensor of a source becomes ours: as it is, (in…, out) transposed, a kernel (row, column, channel, out), or positions of
 * the patches alone, before which CLS gets a row of zeros.
 */
export type Form = "same" | "transposed" | "kernel" | "patches";

/** One tensor of ours and its name elsewhere. A scheme may have several rows for one of ours: the first that a source has counts. */
export interface Row {
  /** Our name; inside a block without `blocks.{i}.`. */
  readonly ours: string;
  /** Their name, after the prefix; inside a block after `{root}{i}{separator}`. */
  readonly theirs: string;
  readonly form: Form;
  /** Which of `parts` equal ranges of its rows. */
  readonly part?: number;
  /** 3 where it is not said: q, k and v. */
  readonly parts?: number;
  /** Counts only where fc1 and its gate are one matrix. */
  readonly packed?: boolean;
  /** Their names of the layer scale [out] that follows in a block, where there is one: it is folded into weight and bias. */
  readonly scaledBy?: readonly string[];
  /** Their shape, where it is not ours. */
  readonly shape?: (sizes: SourceSizes) => Shape;
  /** Of a final norm: whether it follows pooling. */
  readonly pooled?: boolean;
}

export interface NamingScheme {
  /** For messages. */
  readonly title: string;
  /** What may stand before all names: one of these, or whatever the pattern matches. */
  readonly prefixes: readonly string[] | RegExp;
  /** A tensor, behind the prefix, without which the names are another scheme's. */
  readonly needs?: string;
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
  /** Values of `model_type` that a config.json of transformers beside such weights may have; any where it is not said. */
  readonly modelTypes?: readonly string[];
  /** What all models of these names have, and weights do not show. */
  readonly presets?: VitVariations;
  /** How the project's own classifiers pool, where they do it otherwise than its encoders. */
  readonly ofClassifier?: Pick<VitVariations, "pool" | "finalNorm">;
  /** A second head, for the distillation token: the mean of both answers. */
  readonly secondHead?: string;
}
