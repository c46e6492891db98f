/** How to train: every option with its default and its limits. */

import { z } from "zod";
import { InputError } from "../errors.ts";
import type { Schedule } from "./schedule.ts";

const share = z.number().min(0).max(1);
const rate = z.number().gt(0).max(100);

const recipeSchema = z
  .strictObject({
    epochs: z.int().min(1).max(100_000).default(100),
    /** Images an optimizer step. */
    batchSize: z.int().min(1).max(65_536).default(32),
    /** Images in one run of the graph; a step adds up as many runs as it needs. 0 lets memory decide. */
    microBatchSize: z.int().min(0).max(65_536).default(0),
    learningRate: rate.default(1e-3),
    minLearningRate: z.number().min(0).max(100).default(1e-8),
    warmupLearningRate: z.number().min(0).max(100).default(1e-7),
    /** Where left out: a tenth of the epochs. */
    warmupEpochs: z.int().min(0).max(100_000).optional(),
    schedule: z.enum(["cosine", "linear", "constant"]).default("cosine"),
    weightDecay: z.number().min(0).max(100).default(1e-4),
    /** Gradients are scaled down to this norm; 0 leaves them. */
    clipNorm: z.number().min(0).default(0),
    /** Drops single numbers of every residual branch, more in later blocks: the official code's "drop path". */
    dropout: share.lt(1).default(0),
    /** Drops whole residual branches of single images: stochastic depth. */
    dropPath: share.lt(1).default(0),
    labelSmoothing: share.lt(1).default(0),
    /** `balanced` weighs a class by how rare it is. */
    classWeights: z.enum(["none", "balanced"]).default("none"),
    seed: z
      .int()
      .min(0)
      .max(2 ** 32 - 1)
      .default(42),
    /** Keep the epoch that is best on validation images, or the last epoch. */
    select: z.enum(["val", "last"]).default("val"),
    /** Stop after so many epochs without a better one; 0 never stops early. */
    patience: z.int().min(0).default(0),
    /** How often the state is saved in between. */
    checkpointSeconds: z.number().min(0).default(30),
  })
  .refine(({ dropout, dropPath }) => dropout === 0 || dropPath === 0, {
    path: ["dropPath"],
    error: "give dropout or dropPath, not both",
  })
  .refine(({ patience, select }) => patience === 0 || select === "val", {
    path: ["patience"],
    error: 'early stopping needs validation: select must be "val"',
  });

export type Recipe = z.output<typeof recipeSchema> & { readonly warmupEpochs: number };
export type RecipeInput = z.input<typeof recipeSchema>;

/** Checks options and fills in defaults. `nameOf` turns an option into what the user wrote, such as a flag. */
export function parseRecipe(
  options: RecipeInput,
  nameOf: (option: string) => string = (option) => option,
): Recipe {
  const parsed = recipeSchema.safeParse(options);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const option = String(issue?.path[0] ?? "options");
    const got = JSON.stringify((options as Record<string, unknown>)[option]);
    throw new InputError(`${nameOf(option)}: ${issue?.message}, got ${got}.`);
  }
  const recipe = parsed.data;
  return { ...recipe, warmupEpochs: recipe.warmupEpochs ?? Math.round(recipe.epochs / 10) };
}

/** The recipe's schedule. */
export const scheduleOf = ({ schedule, ...rest }: Recipe): Schedule => ({ kind: schedule, ...rest });
