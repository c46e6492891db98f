/** The default recipe: options of training that follow from the data and the method, each with its reason. */

import type { Method } from "../methods/method.ts";
import { epochsFor, stepsReason } from "./default-epochs.ts";
import type { RecipeInput } from "./recipe.ts";

/** What the recipe follows. */
export interface DataFacts {
  /** The class of each training example. */
  readonly labels: readonly number[];
  /** Without any, a small set is cross-validated. */
  readonly valExamples: number;
  /** Whether training continues from an adapter, which is then what nothing is kept worse than. */
  readonly continued?: boolean;
}

/** Options, and in a line each what was chosen and why. */
export interface DefaultRecipe {
  readonly options: RecipeInput;
  readonly reasons: readonly string[];
}

/** Below this a fifth held out would be too few to tell epochs apart, and too many to lose. */
const fewExamples = 100;
const folds = 4;
/** Classes are uneven from here on: the largest has this many times the images of the smallest. */
const uneven = 1.5;

/**
 * From a linear probe, in small batches at one high rate that moves at every step: found on parts of four image sets
 * (docs/recipe.md) and tested on twenty others (docs/results.md). Options in `asked` are not chosen here.
 */
export function defaultRecipe(
  { labels, valExamples, continued = false }: DataFacts,
  {
    method,
    asked,
  }: {
    readonly method: Pick<Method, "name" | "learningRate" | "recipe" | "blend">;
    readonly asked: RecipeInput;
  },
): DefaultRecipe {
  const counts = countsOf(labels);
  const batchSize = asked.batchSize ?? Math.max(batchFor(labels.length), asked.microBatchSize ?? 0);
  const { learningRate = method.learningRate, patience, ...own } = method.recipe ?? {};
  const trainsFolds =
    (asked.folds ?? 0) > 0 || (asked.select !== "last" && wantsFolds(counts, { valExamples, asked }));
  const byData = epochsFor({ images: labels.length, classes: counts.length, trainsFolds });
  const { epochs = byData.epochs } = isFromProbe(asked) ? own : {};
  const isUneven = Math.max(...counts) >= uneven * Math.min(...counts);
  const fixed: RecipeInput = { start: "probe", scheduleUnit: "step", labelSmoothing: 0.1 };
  const options: RecipeInput = {
    ...fixed,
    ...{ batchSize, learningRate, epochs, warmupEpochs: warmupFor(asked.epochs ?? epochs) },
    classWeights: isUneven ? "balanced" : "none",
    blend: method.blend ?? blendFor(labels.length, asked),
    ...validateBy(counts, { valExamples, patience, asked: { ...asked, epochs: asked.epochs ?? epochs } }),
  };
  const recipe = { ...options, ...asked };
  const reasons = reasonsFor(recipe, {
    ...{ counts, start: startOf(recipe, continued) },
    isOwnBlend: method.blend !== undefined && asked.blend === undefined,
    ...(asked.epochs === undefined && epochs === byData.epochs && { epochsReason: byData.reason }),
    areFoldsAsked: asked.folds !== undefined,
  });
  return { options, reasons };
}

/** A method's own epochs are for this start: of the linear method none, since the probe is the best head, as no other start is. */
const isFromProbe = ({ start = "probe" }: RecipeInput): boolean => start === "probe";

/** What training starts from, and how that is named again where nothing is kept that validates worse. */
interface Start {
  readonly name: string;
  readonly again?: string;
}

function startOf({ start, select }: RecipeInput, continued: boolean): Start {
  const kept = (name: string, again: string): Start => (select === "last" ? { name } : { name, again });
  if (continued) return kept("the adapter", "it");
  if (start === "head") return kept("the model's own head", "it");
  return start === "zero" ? { name: "a head of zeros" } : kept("a linear probe", "the probe");
}

interface Chosen {
  readonly counts: readonly number[];
  readonly start: Start;
  readonly isOwnBlend: boolean;
  /** Where they follow from the data. */
  readonly epochsReason?: string;
  readonly areFoldsAsked: boolean;
}

/** A line for each choice. */
function reasonsFor(
  recipe: RecipeInput,
  { counts, start: { name: start, again }, isOwnBlend, epochsReason = stepsReason, areFoldsAsked }: Chosen,
): readonly string[] {
  const { epochs = 0, batchSize = 1, learningRate, blend = 1, classWeights, select } = recipe;
  const { folds: parts = 0 } = recipe;
  const images = imagesOf(counts);
  const shown = (count: number): string => count.toLocaleString("en");
  const steps = shown(epochs * Math.ceil(images / batchSize));
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return [
    ...(epochs > 0
      ? [
          `Recipe: ${epochs} ${epochs === 1 ? "epoch" : "epochs"} of ${shown(images)} images in steps of ${batchSize}, ${steps} steps: ${epochsReason}`,
          `Recipe: learning rate ${learningRate} at its top, from ${start}${again === undefined ? "" : `; nothing is kept that validates worse than ${again}`}.`,
        ]
      : []),
    ...(epochs > 0 && blend < 1
      ? [
          `Recipe: keeps weights ${blend} of the way from ${start} to what was trained: ${isOwnBlend ? "so the method has it" : "few images teach much that is not so"}.`,
        ]
      : []),
    ...(classWeights === "balanced"
      ? [`Recipe: rare classes weigh more, since classes have from ${least} to ${most} images.`]
      : []),
    ...(parts > 0 && !areFoldsAsked
      ? [`Recipe: ${parts}-fold cross-validation, since ${images} images are too few to hold some out.`]
      : []),
    ...(select === "last" ? ["Recipe: nothing is validated, so the last epoch is kept."] : []),
  ];
}

/** Small sets take small steps, or there would be too few of them. */
const batchFor = (images: number): number =>
  images <= 250 ? 4 : images <= 1000 ? 8 : images <= 4000 ? 16 : 32;

/** From few images training learns much that is not so: part of the way does better than all of it, if it starts from a classifier. */
const blendFor = (images: number, { start = "probe" }: RecipeInput): number =>
  images < fewExamples && start !== "zero" ? 0.5 : 1;

const warmupFor = (epochs: number): number => (epochs < 3 ? 0 : Math.max(1, Math.round(epochs / 10)));

interface Validated {
  readonly valExamples: number;
  /** The method's own. */
  readonly patience: number | undefined;
  readonly asked: RecipeInput;
}

/** Without validation images, a set that is too small to hold some out. */
const wantsFolds = (
  counts: readonly number[],
  { valExamples, asked }: Omit<Validated, "patience">,
): boolean => valExamples === 0 && imagesOf(counts) < fewExamples && asked.folds === undefined;

/** By images held out, over folds, or, where no class has two images, not at all. */
function validateBy(counts: readonly number[], { valExamples, patience, asked }: Validated): RecipeInput {
  if (asked.select === "last") return {};
  const isSmall = wantsFolds(counts, { valExamples, asked });
  if (isSmall && Math.max(...counts) < 2) return { select: "last" };
  // Within its error validation tells nothing: by then a later epoch, at a lower rate, is the better guess.
  const { select = "latest", epochs = 0 } = asked;
  return {
    select,
    patience: select === "latest" ? (patience ?? patienceFor(epochs)) : 0,
    ...(isSmall && { folds }),
  };
}

/**
 * Half of the epochs, five at least: at a high rate validation may fall below the probe, and comes back when the rate falls. By
 * `val` a mere lack of luck would end training.
 */
const patienceFor = (epochs: number): number => Math.max(5, Math.ceil(epochs / 2));

const imagesOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** How many examples each class has that has any. */
function countsOf(labels: readonly number[]): readonly number[] {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts.values()];
}
