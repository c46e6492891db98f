/** Says how far our pixels are from those that `photos_through_processors.py` wrote, as a Markdown table. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readSafetensors, readTensor } from "../src/formats/safetensors.ts";
import { decodeImage } from "../src/images/decode.ts";
import { parseHuggingFaceSteps } from "../src/model/hugging-face-steps.ts";
import { parseTimmConfig } from "../src/model/timm-config.ts";
import { applyActions } from "../src/preprocessing/actions.ts";
import type { Image } from "../src/preprocessing/image.ts";
import { applySteps, planSteps } from "../src/preprocessing/preprocess.ts";
import type { Step } from "../src/preprocessing/steps.ts";

const caseSchema = z.object({
  ...{ title: z.string(), backend: z.string(), file: z.string() },
  config: z.record(z.string(), z.unknown()),
});
const schema = z.object({
  versions: z.record(z.string(), z.string()),
  photos: z.array(z.string()),
  cases: z.array(caseSchema),
});
type Case = z.infer<typeof caseSchema>;

interface Difference {
  /** Photos all of whose bytes are the same. */
  readonly equal: number;
  readonly photos: number;
  /** The share of bytes that differ, and the most that one does, in levels of 255. */
  readonly share: number;
  readonly levels: number;
  /** The largest difference of a number after normalising. */
  readonly numbers: number;
}

const stepsOf = ({ config }: Case): readonly Step[] =>
  "image_processor_type" in config
    ? parseHuggingFaceSteps(config, { where: "P" })
    : (parseTimmConfig({ architecture: "x", pretrained_cfg: config }, "C").preprocessing ?? []);

/** Bytes as planes, [3, height, width]. */
function planesOf({ width, height, pixels }: Image): Float32Array {
  const plane = width * height;
  return Float32Array.from(
    { length: 3 * plane },
    (_, at) => pixels[(at % plane) * 3 + Math.floor(at / plane)] ?? NaN,
  );
}

/** Less than this many levels is rounding of the other's floats. */
const ROUNDING = 1e-3;

function differencesOf(ours: Float32Array, theirs: ArrayLike<number>): readonly number[] {
  if (ours.length !== theirs.length)
    throw new Error(`${ours.length} numbers, and theirs are ${theirs.length}`);
  return Array.from(ours, (value, at) => Math.abs(value - (theirs[at] ?? Number.NaN)));
}

const largest = (values: readonly number[]): number =>
  values.reduce((most, value) => Math.max(most, value), 0);

async function compare(one: Case, folder: string, photos: readonly Image[]): Promise<Difference> {
  const steps = stepsOf(one);
  const file = await readSafetensors(join(folder, one.file));
  let [equal, differing, bytes, levels, numbers] = [0, 0, 0, 0, 0];
  for (const [index, photo] of photos.entries()) {
    const planes = planesOf(applyActions(photo, planSteps(steps, photo)));
    const apart = differencesOf(planes, (await readTensor(file, `levels.${index}`)).data);
    const others = apart.filter((value) => !(value < ROUNDING)).length;
    const after = differencesOf(applySteps(photo, steps), (await readTensor(file, `numbers.${index}`)).data);
    equal += others === 0 ? 1 : 0;
    differing += others;
    bytes += apart.length;
    levels = Math.max(levels, largest(apart));
    numbers = Math.max(numbers, largest(after));
  }
  return { equal, photos: photos.length, share: differing / bytes, levels, numbers };
}

const folder = process.argv[2];
if (folder === undefined) throw new Error("Name the folder that photos_through_processors.py wrote.");
const { photos, cases, versions } = schema.parse(
  JSON.parse(await readFile(join(folder, "cases.json"), "utf8")),
);
const images = await Promise.all(photos.map((name) => decodeImage(join(folder, name))));
console.log(
  `${Object.entries(versions)
    .map((pair) => pair.join(" "))
    .join(", ")}; ${images.map(({ width, height }) => `${width}x${height}`).join(" ")}`,
);
console.log(
  "| processor | backend | photos equal | bytes that differ | at most, levels | after normalising |\n|---|---|---:|---:|---:|---:|",
);
for (const one of cases) {
  const { equal, share, levels, numbers } = await compare(one, folder, images);
  const cells = [
    one.title,
    one.backend,
    `${equal} of ${images.length}`,
    `${(100 * share).toFixed(2)} %`,
    levels.toFixed(levels < ROUNDING ? 0 : 2),
    numbers.toExponential(1),
  ];
  console.log(`| ${cells.join(" | ")} |`);
}
