/** Exports a model or an adapter for another runtime, once it is found to answer there as it does here. */

import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { EngineError, InputError } from "../errors.ts";
import { checkNewFolder } from "../files/check-output-paths.ts";
import { writeFileAtomically } from "../files/write-file.ts";
import { writeFolderAtomically } from "../files/write-folder.ts";
import type { OpenedModel } from "../predict/open-model.ts";
import { renderExportCard } from "./export-card.ts";
import { asList, checkExport, checkHolds, type ExportOptions } from "./export-options.ts";
import { withExport } from "./open-export.ts";
import { withOwnPixels } from "./own-pixels.ts";
import type { Precision } from "./precisions.ts";
import {
  type Candidate,
  describeProof,
  judge,
  mostLostPercent,
  type Proof,
  type ProveOptions,
  prove,
} from "./proof.ts";
import { type ExportParts, type Target, type TargetName, targets, type Written } from "./targets.ts";

export interface ExportedFile {
  /** Below the folder. */
  readonly file: string;
  readonly precision: Precision;
  /** Of all that belongs to it. */
  readonly bytes: number;
  /** What ran it when it was compared. */
  readonly runtime: string;
  readonly proof: Proof;
}

export interface ExportedModel {
  readonly path: string;
  readonly to: TargetName;
  readonly files: readonly ExportedFile[];
  readonly notes: readonly string[];
}

/** Writes the new folder `out`, which appears once its files are compared with the original. */
export async function exportModel(
  source: string,
  out: string,
  options: ExportOptions,
): Promise<ExportedModel> {
  checkExport(source, out, options);
  const target = targets[options.to];
  await checkNewFolder(out);
  const checkMethod = (opened: OpenedModel) => checkHolds(target, opened);
  return withExport(source, { ...options, check: checkMethod }, ({ compare, notes, ...opened }) =>
    write(out, { target, parts: { ...partsOf(options, target), ...opened }, compare, options, notes }),
  );
}

const byItself =
  "Each label answers by itself: its probability is the sigmoid of its logit, and no softmax over all of them.";

function partsOf(
  options: ExportOptions,
  target: Target,
): Pick<ExportParts, "precisions" | "weights" | "preprocessInside" | "threads" | "signal"> {
  const { weights = target.weights, preprocessInside = target.preprocessInside, threads, signal } = options;
  const asked = [...new Set(asList(options.precision))];
  return {
    precisions: asked.length > 0 ? asked : target.precisions,
    weights,
    preprocessInside,
    threads,
    signal,
  };
}

interface WriteParts {
  readonly target: Target;
  readonly parts: ExportParts;
  readonly compare: Omit<ProveOptions, "label">;
  readonly options: ExportOptions;
  readonly notes: readonly string[];
}

async function write(
  out: string,
  { target, parts, compare: common, options, notes }: WriteParts,
): Promise<ExportedModel> {
  const files: ExportedFile[] = [];
  const said = [...notes];
  const say = (note: string) => {
    said.push(note);
    options.onNote?.(note);
  };
  await writeFolderAtomically(out, async (temporary) => {
    const { written, own, notes: differing } = await target.write(temporary, parts);
    if (parts.opened.scores === "sigmoid") say(byItself);
    for (const note of differing) say(note);
    for (const one of written) {
      const proof = await compare(one, common);
      const verdict = judge(proof, one.isExact);
      if (verdict === "wrong")
        throw new EngineError(
          `${out}: ${one.file} does not compute what it should: ${describeProof(proof)}. It was not kept.`,
        );
      if (verdict === "lossy" && !options.acceptLoss) {
        refuseLoss(one, { proof, options });
        say(
          `${one.file} was left out: ${describeProof(proof)}; at most ${mostLostPercent} % may get another.`,
        );
        for (const file of one.files) await rm(join(temporary, file));
        continue;
      }
      files.push({ ...one, bytes: await bytesOf(temporary, one), proof });
      if (own && files.length === 1) {
        const { store, opened } = parts;
        const change = (candidate: Candidate) =>
          withOwnPixels(candidate, { own, store, steps: opened.preprocessing });
        say(`With ${own.title}, ${describeProof(await compare(one, { ...common, change }))}.`);
      }
    }
    const { opened, preprocessInside } = parts;
    const card = renderExportCard({
      opened,
      target,
      files,
      preprocessInside,
      notes: said.slice(notes.length),
    });
    await writeFileAtomically(join(temporary, "README.md"), card);
    options.signal?.throwIfAborted();
  });
  const kept = files.map(({ file, precision, bytes, runtime, proof }) => ({
    file,
    precision,
    bytes,
    runtime,
    proof,
  }));
  return { path: out, to: options.to, files: kept, notes: said };
}

interface Comparing extends Omit<ProveOptions, "label"> {
  /** What is done to the file's answers before they are compared. */
  readonly change?: (candidate: Candidate) => Candidate;
}

async function compare(
  one: Written,
  { change = (candidate) => candidate, ...common }: Comparing,
): Promise<Proof> {
  const candidate = change(await one.open());
  try {
    return await prove(candidate, { ...common, label: `comparing ${one.file}` });
  } finally {
    await candidate.close();
  }
}

/** What was asked for by name is refused as a whole; what a target has by default is left out. */
function refuseLoss(
  { file }: Written,
  { proof, options }: { readonly proof: Proof; readonly options: ExportOptions },
): void {
  if (options.precision === undefined && targets[options.to].precisions.length > 1) return;
  throw new InputError(
    (show) =>
      `${file}: ${describeProof(proof)}. At most ${mostLostPercent} % of the images may get another label. Nothing was written; ${show("acceptLoss")} keeps it nevertheless.`,
  );
}

async function bytesOf(folder: string, { files }: Written): Promise<number> {
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
  return sizes.reduce((total, size) => total + size, 0);
}

/** One line per file, for people. */
export const renderExported = ({ path, files }: Pick<ExportedModel, "path" | "files">): string =>
  files
    .map(
      ({ file, precision, bytes, runtime, proof }) =>
        `${join(path, file)}  ${precision}, ${(bytes / 1e6).toFixed(1)} MB. In ${runtime}, ${describeProof(proof)}.`,
    )
    .join("\n");
