/** Chooses the images that an export is proven on: those that are given, or the ones that validated the adapter. */

import { dirname, join } from "node:path";
import { z } from "zod";
import type { Adapter } from "../adapter/adapter.ts";
import { adapterFolder } from "../adapter/adapter-file.ts";
import type { Example, Split } from "../datasets/dataset.ts";
import { findImages } from "../datasets/find-images.ts";
import { readDataset } from "../datasets/read-dataset.ts";
import { FileError, InputError } from "../errors.ts";
import { exists } from "../files/exists.ts";
import { readJson } from "../files/read-json.ts";
import { chooseExamples } from "../predict/choose-examples.ts";
import { findUses } from "../predict/find-uses.ts";
import type { ProgressEvent } from "../train/fit-events.ts";

export interface ProofImages {
  /** Labels are not used. */
  readonly examples: readonly Example[];
  /** Which images these are, such as "test". */
  readonly split: string;
  readonly notes: readonly string[];
  /** Images to measure ranges on: some of those that were trained on, where there are any. */
  readonly calibration: Calibration;
}

export interface Calibration {
  readonly examples: readonly Example[];
  /** Which images these are. */
  readonly split: string;
}

export interface ProofImagesOptions {
  /** The adapter, its run or a model, as it was named. */
  readonly source: string;
  readonly adapter: Adapter | undefined;
  /** Labelled images, or a folder of images; where left out, the run's own data. */
  readonly data?: string | undefined;
  readonly split?: Split | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((event: ProgressEvent) => void) | undefined;
}

export async function chooseProofImages(options: ProofImagesOptions): Promise<ProofImages> {
  const { data, split, adapter } = options;
  if (data !== undefined) return given(data, options);
  const own = await dataOfRun(options.source);
  if (own === undefined || !(await exists(own)))
    throw new InputError(
      (show) =>
        `${options.source}: an export is compared with the original on images, and ${own === undefined ? "it is not known where any are" : `the data of its run, ${own}, is no longer there`}. Give a folder of images with ${show("data")}.`,
    );
  const dataset = await readDataset(own, signalOf(options));
  const { train } = dataset.splits;
  if (split !== undefined || dataset.splits.val.length > 0)
    return choose(dataset.splits[split ?? "val"], split ?? "val", { root: own, notes: [], train });
  const uses = await findUses(dataset.splits.train, { ...options, adapter, dataset });
  const validated = dataset.splits.train.filter(({ path }) => uses?.of(path) === "validated");
  const trained = train.filter(({ path }) => uses?.of(path) === "trained");
  if (validated.length > 0) return choose(validated, "validation", { root: own, notes: [], train: trained });
  const notes = ["The run held out no images, so the export is compared on its training images."];
  return choose(train, "train", { root: own, notes, train });
}

/** Labels are not needed, so a folder of images will do. */
async function given(data: string, options: ProofImagesOptions): Promise<ProofImages> {
  try {
    const dataset = await readDataset(data, signalOf(options));
    const chosen = await chooseExamples(options.split, { ...options, dataset });
    const { notes, examples, split } = chosen;
    const compared = new Set(examples);
    const train = dataset.splits.train.filter((example) => !compared.has(example));
    return choose(examples, split, { root: data, notes, train });
  } catch (error) {
    if (options.split !== undefined || !(error instanceof InputError || error instanceof FileError))
      throw error;
    const { images } = await findImages(data, signalOf(options));
    if (images.length === 0) throw error;
    const examples = images.map((path) => ({ path, label: 0 }));
    return choose(examples, "given", { root: data, notes: [], train: [] });
  }
}

interface ChooseParts {
  readonly root: string;
  readonly notes: readonly string[];
  /** What ranges may be measured on. */
  readonly train: readonly Example[];
}

function choose(
  examples: readonly Example[],
  split: string,
  { root, notes, train }: ChooseParts,
): ProofImages {
  if (examples.length === 0)
    throw new InputError((show) => `${root} has no ${split} split. Choose another with ${show("split")}.`);
  const calibration =
    train.length > 0 ? { examples: some(train), split: "train" } : { examples: some(examples), split };
  return { examples, split, notes, calibration };
}

/** Ranges hardly widen any more after so many images. */
const calibrationImages = 64;

/** Evenly spaced, so that all classes of a sorted list are among them. */
function some(examples: readonly Example[]): readonly Example[] {
  const count = Math.min(calibrationImages, examples.length);
  return Array.from({ length: count }, (_, at) => Math.floor((at * examples.length) / count)).flatMap(
    (at) => examples[at] ?? [],
  );
}

const signalOf = ({ signal }: ProofImagesOptions) => (signal ? { signal } : {});

const runSchema = z.object({ asked: z.object({ data: z.string().optional() }).optional() });

/** Where the run of an adapter found its images. */
async function dataOfRun(source: string): Promise<string | undefined> {
  const adapter = await adapterFolder(source);
  for (const folder of [source, ...(adapter === undefined ? [] : [dirname(adapter)])]) {
    const where = join(folder, "run.json");
    if (!(await exists(where))) continue;
    const parsed = runSchema.safeParse(await readJson(where));
    if (parsed.success) return parsed.data.asked?.data;
  }
  return undefined;
}
