/** A run that continues from an adapter: what it takes over, what may not contradict it, and how its head grows. */

import { basename, dirname, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Adapter, ContinuedFrom } from "../adapter/adapter.ts";
import { adapterFolder, readAdapter } from "../adapter/adapter-file.ts";
import { growHead } from "../adapter/grow-head.ts";
import { hashAdapter } from "../adapter/hash-adapter.ts";
import { type BaseSources, type OpenBaseOptions, openBase } from "../adapter/open-base.ts";
import type { TrainedImages } from "../adapter/trained-images.ts";
import type { Dataset } from "../datasets/dataset.ts";
import { counted, quoted } from "../datasets/describe-dataset.ts";
import { InputError } from "../errors.ts";
import { chooseMethod, type MethodRequest } from "../methods/methods.ts";
import type { Model } from "../model/model.ts";
import { composeSteps, type StepChoices } from "../preprocessing/compose-steps.ts";
import { describeSteps } from "../preprocessing/describe-steps.ts";
import { evaluationSteps } from "../preprocessing/step-list.ts";
import type { Step } from "../preprocessing/steps.ts";
import type { ContinueFrom } from "../train/fit-plan.ts";
import { compare } from "./compare-runs.ts";
import type { Steps } from "./complete-options.ts";

/** The adapter that a run continues from. */
export interface Origin {
  /** As the user named it. */
  readonly path: string;
  readonly adapter: Adapter;
}

/** What the user asked for beside it, which may repeat what the adapter says, and must not contradict it. */
export interface Asked {
  readonly method?: Partial<MethodRequest> | undefined;
  readonly imageSize?: number | undefined;
  readonly heads?: number | undefined;
}

export async function readOrigin(path: string, { method }: Asked): Promise<Origin> {
  const own = typeof method?.name === "object" ? { methods: [method.name] } : {};
  return { path, adapter: await readAdapter(path, own) };
}

/** The adapter's method, once nothing that was asked for contradicts it. */
export function continuedMethod(
  { path, adapter }: Origin,
  { method, imageSize, heads }: Asked,
): MethodRequest {
  const { method: own, ownMethod, config } = adapter;
  const name = method?.name ?? ownMethod ?? own.name;
  const asked = chooseMethod({ name, options: method?.options }, "method");
  const given = Object.keys((method?.options ?? {}) as object);
  const options = Object.fromEntries(given.map((option) => [option, asked.choice.options[option]]));
  const differences = [
    ...compare({ method: own.name }, { method: asked.choice.name }),
    ...(own.name === asked.choice.name ? compare(own.options, { ...own.options, ...options }) : []),
    ...(imageSize === undefined || config.imageSize.every((side) => side === imageSize)
      ? []
      : compare({ imageSize: config.imageSize[0] }, { imageSize })),
    ...(heads === undefined
      ? []
      : compare({ heads: "heads" in config ? config.heads : undefined }, { heads })),
  ];
  if (differences.length > 0)
    throw new InputError(
      (show) =>
        `${path} was trained with other options: ${differences.map((say) => say(show)).join("; ")}. A run that continues takes them from the adapter; leave them out.`,
    );
  return { name: ownMethod ?? own.name, options: own.options };
}

/** The base that is named, or that the adapter names; refuses one that it was not trained on. */
export async function openOriginBase(
  { path, adapter }: Origin,
  { source, sendToken, ...options }: Pick<BaseSources, "source" | "sendToken"> & OpenBaseOptions,
): Promise<Model> {
  const { model, notes } = await openBase({ source, path, adapter, sendToken }, options);
  // What its weights do not show is the adapter's own.
  return {
    ...model,
    notes: [...model.notes, ...notes],
    config: { ...adapter.config, classes: model.config.classes },
  };
}

const shapes = ["resize", "interpolation", "crop", "cropScale", "normalize"] as const;

/** The adapter's steps, and those of training with crops and flips: what the model sees without them stays the same. */
export function continuedSteps(
  { path, adapter }: Origin,
  { asked, images }: { readonly asked: StepChoices; readonly images: StepChoices },
): Steps {
  const { preprocessing: own, config } = adapter;
  const compose = (choices: StepChoices): readonly Step[] => {
    const keepsShape = choices.crop !== undefined && own.some(([name]) => name === "resizeShort");
    return composeSteps(config.imageSize, own, { ...(keepsShape && { resize: "short" }), ...choices });
  };
  const [before, now] = [evaluationSteps(own), evaluationSteps(compose(asked))];
  if (isDeepStrictEqual(before, now)) return { preprocessing: compose(images), evaluation: before };
  const given = shapes.filter((name) => asked[name] !== undefined);
  throw new InputError(
    (show) =>
      `${path} was trained with other preprocessing than ${given.map((name) => show(name, String(asked[name]))).join(" ")} makes: ${describeSteps(before)}; not ${describeSteps(now)}. A run that continues takes it from the adapter; leave ${given.length === 1 ? "it" : "them"} out.`,
  );
}

export interface Continued {
  /** What run.json records. */
  readonly record: { readonly path: string; readonly sha256: string };
  /** What the adapter records. */
  readonly from: ContinuedFrom;
  readonly start: ContinueFrom;
  /** Which images the adapter was trained on; absent where it does not record them. */
  readonly images: TrainedImages | undefined;
  readonly notes: readonly string[];
}

/** The adapter's tensors with a head for the classes of `dataset`. Classes that it lacks are an error, unless `dropClasses`. */
export async function continueOn(
  { path, adapter }: Origin,
  { classes, root }: Dataset,
  { dropClasses = false }: { readonly dropClasses?: boolean | undefined },
): Promise<Continued> {
  const { tensors, newClasses, dropped } = growHead(adapter, classes);
  const added = quoted(newClasses.map((row) => classes[row] ?? ""));
  if (dropped.length > 0 && !dropClasses)
    throw new InputError((show) => {
      const renamed =
        newClasses.length > 0
          ? ` New in the data: ${added}; a class that was only renamed needs its old name.`
          : "";
      return `${root} has no images of ${quoted(dropped)}, which ${path} was trained on. Add some, or leave ${dropped.length === 1 ? "this class" : "these classes"} out of the new head with ${show("dropClasses", true)}.${renamed}`;
    });
  const sha256 = hashAdapter(adapter);
  const folder = resolve((await adapterFolder(path)) ?? path);
  const name = basename(folder) === "adapter" ? basename(dirname(folder)) : basename(folder);
  const kept = `${counted(classes.length - newClasses.length, "class keeps its row", "classes keep their rows")} of the head`;
  const parts = [
    kept,
    ...(newClasses.length > 0 ? [`new: ${added}`] : []),
    ...(dropped.length > 0 ? [`left out: ${quoted(dropped)}`] : []),
  ];
  return {
    record: { path: resolve(path), sha256 },
    from: { name, sha256 },
    start: { tensors, newClasses },
    images: adapter.images,
    notes: [`Continuing from ${path}: ${parts.join("; ")}.`],
  };
}
