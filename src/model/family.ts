/** The interface of a family of architectures: how its configurations are checked, built, read, resized and written. */

import type { z } from "zod";
import type { Shape, Tensor, Weight, Weights } from "../formats/tensor.ts";
import type { Step } from "../preprocessing/steps.ts";
import type { ModelConfig } from "./architectures.ts";
import type { Backbone } from "./backbone.ts";
import type { Form } from "./naming-scheme.ts";
import type { PositionMethod } from "./position.ts";
import type { Problem } from "./problem.ts";
import type { TimmConfig } from "./timm-schema.ts";

/** What the configurations of all families have. */
export interface CommonConfig {
  /** The family's name; without one it is a Vision Transformer. */
  readonly family?: string | undefined;
  /** Height and width of the input in pixels. */
  readonly imageSize: readonly [height: number, width: number];
  /** Rows of the classification head; 0 where the model has none. */
  readonly classes: number;
}

/** What a configuration file says, whatever the family. */
export interface CommonHints {
  /** The name of the family that the file describes. */
  readonly family?: string;
  /** The file, for messages; absent where there is none. */
  readonly where?: string;
  readonly labels?: readonly string[];
  readonly preprocessing?: readonly Step[];
  /** Its own project interpolates positions for whatever size its preprocessing makes. */
  readonly sizedBySteps?: true;
  readonly problem?: Problem;
  /** What the file calls the model, for messages: `architecture "resnet50"`. */
  readonly kind?: string;
  /** The whole configuration, where the file holds one of ours. */
  readonly stored?: ModelConfig;
  /** A sentence for messages about a conflict between the file and the weights. */
  readonly advice?: string;
  /** What was not as the file says, for the user to see. */
  readonly notes?: readonly string[];
}

/** The shapes of a source's tensors by name. */
export type SourceShapes = ReadonlyMap<string, { readonly shape: Shape }>;

/** Where one of our weights comes from: a tensor of the source, or what is computed of some. */
export type Origin = Moved | Computed;

/** One tensor, or one of `parts` equal ranges of its rows. */
export interface Moved {
  readonly source: string;
  readonly form: Form;
  readonly part?: number;
  /** The layer scale that is folded into it. */
  readonly scaledBy?: string;
}

/** Numbers of our shape that are computed of several tensors. */
export interface Computed {
  readonly sources: readonly string[];
  readonly compute: (tensors: readonly Tensor[]) => Float32Array;
}

/** How the tensors of a source become our weights. */
export interface WeightPlan {
  /** Whose names they have. */
  readonly title: string;
  /** Our names and shapes, in the order of our files. */
  readonly shapes: ReadonlyMap<string, Shape>;
  /** By our names; `undefined` is a tensor that the source lacks: zeros. */
  readonly origins: ReadonlyMap<string, Origin | undefined>;
  /** Rows of the head; 0 where there is none. */
  readonly classes: number;
  readonly notes: readonly string[];
}

export interface PlanOptions<Hints extends CommonHints = CommonHints> {
  /** Names the source in messages. */
  readonly where: string;
  /** Of a configuration file; nothing where there is none, or where it is of another kind. */
  readonly hints?: Hints | undefined;
}

export interface ConfigureOptions<Hints extends CommonHints = CommonHints> extends PlanOptions<Hints> {
  /** From the user, where neither a configuration nor the weights tell. */
  readonly heads?: number | undefined;
}

export interface Configured<Config extends CommonConfig = ModelConfig> {
  /** With the image size that the weights were stored for. */
  readonly config: Config;
  readonly notes: readonly string[];
}

export interface ResizeOptions {
  readonly imageSize: number | readonly [height: number, width: number];
  /** Of positions; where left out, the one of the model's own project. */
  readonly method: PositionMethod | undefined;
  readonly read: (weight: Weight) => Promise<Tensor>;
}

export interface Resized<Config extends CommonConfig = ModelConfig> {
  readonly config: Config;
  readonly weights: Weights;
  /** The weights of the file that others took the place of, by name; the base's hash is of these. */
  readonly stored?: Weights;
  readonly notes: readonly string[];
}

export interface RenderWeightsOptions {
  readonly read: (weight: Weight) => Promise<Tensor>;
}

/**
 * A family of architectures. A new one is a file with such an object, its backbone, its names of weights, and a line in the
 * list of architectures.ts. Its functions are called with its own configurations, hints and plans alone.
 */
export interface Family<
  Config extends CommonConfig = ModelConfig,
  Hints extends CommonHints = CommonHints,
  Plan extends WeightPlan = WeightPlan,
> {
  /** The `family` of its configurations. */
  readonly name: string;
  /** What one of its models is, for messages: `Vision Transformer`. */
  readonly title: string;
  /** A configuration as an adapter's file holds it. */
  readonly schema: z.ZodObject;
  /** What is wrong between two fields that are fine by themselves; nothing where they fit. */
  flaw(config: Config): string | undefined;
  backbone(config: Config): Backbone;
  /** Fields of a configuration that weights do not show, such as an epsilon: an adapter has its own. */
  readonly unseen: readonly string[];
  /** Sizes for people, by name: blocks, widths. */
  facts(config: Config): readonly (readonly [name: string, value: string | number])[];
  /** In a sentence about weights that are looked for: `12 blocks of width 768, patches of 16 x 16 pixels`. */
  describe(config: Config): string;
  /** Every size that can be named instead of a file. */
  readonly variants: Readonly<Record<string, Config>>;

  /** Values of `model_type` in the config.json of transformers that are models of this family. */
  readonly modelTypes: readonly string[];
  /** Hints from that file; labels and preprocessing are read for all families alike. Throws for a model that cannot be run. */
  readHuggingFace(config: Readonly<Record<string, unknown>>, where: string): Hints;
  /** Whether timm's architecture of this name is one of this family. */
  isTimm(architecture: string): boolean;
  /** The same of timm's config.json. */
  readTimm(config: TimmConfig, where: string): Hints;

  /** Whose names of weights are known, for messages. */
  readonly sources: readonly string[];
  /** How the tensors become ours; nothing where their names are not of this family. */
  plan(tensors: SourceShapes, options: PlanOptions<Hints>): Plan | undefined;
  /** The configuration: sizes from the plan, the rest from hints, and from convention where neither says. */
  configure(plan: Plan, options: ConfigureOptions<Hints>): Configured<Config>;
  /** The model for images of another size. Throws where that cannot be. */
  resize(
    model: { readonly config: Config; readonly weights: Weights },
    options: ResizeOptions,
  ): Promise<Resized<Config>>;

  /** The config.json of transformers, without labels; nothing where no class of it computes the same. */
  renderConfig(config: Config): Readonly<Record<string, unknown>> | undefined;
  /** Every weight as transformers names and shapes it. */
  renderWeights(config: Config, weights: Weights, options: RenderWeightsOptions): Promise<Weights>;
}
