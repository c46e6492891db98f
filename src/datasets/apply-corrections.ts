/** Applies corrections to a data set: other labels, images left out; whatever does not fit is an error that names the file. */

import { InputError } from "../errors.ts";
import { hexHash } from "../files/each-file.ts";
import { showValue } from "../files/show-value.ts";
import { type Dataset, type Example, type Split, splitNames } from "./dataset.ts";
import { quoted } from "./describe-dataset.ts";
import { fileIn } from "./name-in.ts";
import type { Correction } from "./read-corrections.ts";

/** What becomes of an image. */
export interface LabelChange {
  /** Relative to the data, with `/`. */
  readonly file: string;
  readonly from: string;
  /** Its new label; none where it is left out. */
  readonly to: string | undefined;
}

export interface Corrected {
  readonly classes: readonly string[];
  readonly splits: Dataset["splits"];
  readonly changes: readonly LabelChange[];
  /** Images that were looked at and keep their label. */
  readonly confirmed: number;
  /** Classes that the data did not have. */
  readonly newClasses: readonly string[];
}

interface Options {
  /** Names the corrections in messages. */
  readonly path: string;
  readonly signal?: AbortSignal | undefined;
}

/** Images are read only to compare their content with what was looked at. */
export async function applyCorrections(
  dataset: Dataset,
  corrections: readonly Correction[],
  options: Options,
): Promise<Corrected> {
  const { classes, splits } = dataset;
  const examples = new Map<string, Example>();
  for (const split of splitNames)
    for (const example of splits[split]) examples.set(fileIn(dataset.root, example.path), example);
  const wanted = new Map<string, Correction>();
  for (const correction of corrections) {
    options.signal?.throwIfAborted();
    const where = `${options.path}, line ${correction.line}`;
    const before = wanted.get(correction.file);
    if (before && (before.action !== correction.action || before.newLabel !== correction.newLabel))
      throw new InputError(
        `${where}: ${showValue(correction.file)} is corrected in another way in line ${before.line}. Keep one of them.`,
      );
    wanted.set(correction.file, correction);
    const example = examples.get(correction.file);
    if (!example) throw await unknownFile(examples, correction, { ...options, where, root: dataset.root });
    await checkContent(example, correction, where);
    checkOldLabel(classes[example.label] ?? "", correction, where);
  }
  const renamed = [...new Set([...wanted.values()].flatMap(({ newLabel }) => newLabel ?? []))];
  const newClasses = renamed.filter((name) => !classes.includes(name));
  const all = [...classes, ...newClasses];
  const corrected = (split: Split): Example[] =>
    splits[split].flatMap((example) => {
      const { action, newLabel } = wanted.get(fileIn(dataset.root, example.path)) ?? {};
      if (action === "remove") return [];
      return newLabel === undefined ? [example] : [{ ...example, label: all.indexOf(newLabel) }];
    });
  const changes = [...wanted.values()].flatMap(({ file, action, newLabel }): LabelChange[] => {
    const from = classes[examples.get(file)?.label ?? -1] ?? "";
    return action === "remove" || (newLabel !== undefined && newLabel !== from)
      ? [{ file, from, to: newLabel }]
      : [];
  });
  return {
    classes: all,
    splits: { train: corrected("train"), val: corrected("val"), test: corrected("test") },
    ...{ changes, newClasses, confirmed: wanted.size - changes.length },
  };
}

async function checkContent({ path }: Example, { file, sha256 }: Correction, where: string): Promise<void> {
  if (sha256 === undefined || (await hexHash(path)) === sha256) return;
  throw new InputError(
    `${where}: ${showValue(file)} is another image now than the one that was looked at. Evaluate again.`,
  );
}

/** A label that is corrected already is none to stumble over. */
function checkOldLabel(label: string, { file, oldLabel, newLabel }: Correction, where: string): void {
  if (oldLabel === undefined || label === oldLabel || label === newLabel) return;
  throw new InputError(
    `${where}: ${showValue(file)} was labelled ${showValue(oldLabel)} when it was looked at, and is ${showValue(label)} now. Evaluate again.`,
  );
}

interface Unknown extends Options {
  readonly where: string;
  readonly root: string;
}

/** An image that was moved is found by its content. */
async function unknownFile(
  examples: ReadonlyMap<string, Example>,
  { file, sha256 }: Correction,
  { where, root, signal }: Unknown,
): Promise<InputError> {
  const copies: string[] = [];
  for (const [other, { path }] of sha256 === undefined ? [] : examples) {
    signal?.throwIfAborted();
    if ((await hexHash(path).catch(() => undefined)) === sha256) copies.push(other);
  }
  const moved = copies.length > 0 ? ` The same image is there as ${quoted(copies)}: it was moved.` : "";
  return new InputError(
    `${where}: ${root} has no image ${showValue(file)}.${moved} Name the data that was evaluated, or remove this line.`,
  );
}
