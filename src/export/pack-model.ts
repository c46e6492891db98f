/** Packs a model into one page that classifies images in any browser, offline, once it is found to answer as the original does. */

import { randomBytes } from "node:crypto";
import { rm, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { zipSync } from "fflate";
import { EngineError, InputError } from "../errors.ts";
import { checkCounts } from "../files/check-count.ts";
import { checkOptions, checkPath, type KnownOptions } from "../files/check-options.ts";
import { exists, statOf } from "../files/exists.ts";
import { writeFileAtomically } from "../files/write-file.ts";
import { encodeOnnx } from "../formats/onnx-model.ts";
import { describeSteps } from "../preprocessing/describe-steps.ts";
import { classifierModel } from "./classifier-model.ts";
import { baseFacts, exportFacts } from "./export-facts.ts";
import { openOnnxCandidate } from "./onnx-candidate.ts";
import { type CompareOptions, type OpenedExport, withExport } from "./open-export.ts";
import { renderPage } from "./page.ts";
import { type Precision, precisionNames, precisions } from "./precisions.ts";
import { withPreprocessing } from "./preprocess-nodes.ts";
import { describeProof, judge, mostLostPercent, type Proof, prove } from "./proof.ts";
import { readWebRuntime } from "./web-runtime.ts";

export interface PackOptions extends CompareOptions {
  /** fp32 where left out; the others make a smaller page. */
  readonly precision?: Precision | undefined;
}

const known: KnownOptions<PackOptions> = {
  ...{ model: true, engine: true, precision: true, data: true, split: true, acceptLoss: true, heads: true },
  ...{ method: true, provider: true, threads: true, signal: true, onNote: true, onCompare: true },
  ...{ onProgress: true },
};

export interface PackedModel {
  readonly path: string;
  readonly precision: Precision;
  readonly bytes: number;
  readonly proof: Proof;
}

/** Writes the new file `out`: a page (.html), or a zip of one. */
export async function packModel(
  source: string,
  out: string,
  options: PackOptions = {},
): Promise<PackedModel> {
  checkOptions(options, { verb: "packModel", known });
  checkPath(source, { what: "packModel: what to pack" });
  checkPath(out, { what: "packModel: the file to write" });
  checkCounts({ threads: options.threads, heads: options.heads });
  const { precision = "fp32" } = options;
  if (!precisionNames.includes(precision))
    throw new InputError((show) => `${show("precision")} must be ${precisionNames.join(", ")}.`);
  await checkNewFile(out);
  const runtime = await readWebRuntime();
  return withExport(source, options, async (parts) => {
    const model = await preparedModel(parts, precision);
    if (precision === "int8-static") options.onNote?.(parts.measured);
    const proof = await compareModel(model, out, { parts, options, precision });
    const page = renderPage({ ...factsOf(source, parts, proof), model, runtime });
    const isZip = extname(out).toLowerCase() === ".zip";
    await writeFileAtomically(out, isZip ? zipped(page, out) : page);
    return { path: out, precision, bytes: (await stat(out)).size, proof };
  });
}

async function checkNewFile(out: string): Promise<void> {
  if (!/\.(html?|zip)$/i.test(out))
    throw new InputError((show) => `${show("out")} must end in .html or .zip, got ${out}.`);
  if (await exists(out))
    throw new InputError((show) => `${out} is there already. Name a new file with ${show("out")}.`);
  const folder = dirname(resolve(out));
  if (!(await statOf(folder))?.isDirectory())
    throw new InputError(`${out}: there is no folder ${folder}. Make it, or write elsewhere.`);
}

async function preparedModel(
  { opened, engine, compare, measure }: OpenedExport,
  precision: Precision,
): Promise<Uint8Array> {
  const whole = await classifierModel(opened, { engine, signal: compare.signal });
  const changed = await precisions[precision].change(whole, () => measure(whole));
  const inside = withPreprocessing(changed, opened.preprocessing, { arithmetic: "float64" });
  return encodeOnnx({ ...inside, metadata: exportFacts(opened, { precision, preprocessInside: true }) });
}

interface Comparing {
  readonly parts: OpenedExport;
  readonly options: PackOptions;
  readonly precision: Precision;
}

/** The model runs in ONNX Runtime, of which the page holds the build for browsers. */
async function compareModel(
  model: Uint8Array,
  out: string,
  { parts, options, precision }: Comparing,
): Promise<Proof> {
  const path = join(dirname(resolve(out)), `.${randomBytes(6).toString("hex")}.rlrr-tmp`);
  try {
    await writeFileAtomically(path, model);
    const candidate = await openOnnxCandidate(path, { threads: options.threads, store: parts.store });
    try {
      const proof = await prove(candidate, { ...parts.compare, label: "comparing the page's model" });
      const verdict = judge(proof, precision === "fp32");
      if (verdict === "wrong")
        throw new EngineError(`${out}: the page's model is wrong: ${describeProof(proof)}. It was not kept.`);
      if (verdict === "lossy" && !options.acceptLoss)
        throw new InputError(
          (show) =>
            `${out}: in ${precision}, ${describeProof(proof)}. At most ${mostLostPercent} % of the images may get another label. Nothing was written; ${show("acceptLoss")} keeps it nevertheless.`,
        );
      return proof;
    } finally {
      await candidate.close();
    }
  } finally {
    await rm(path, { force: true });
  }
}

function factsOf(source: string, { opened }: OpenedExport, proof: Proof) {
  const { adapter, labels, preprocessing, scores } = opened;
  const { id, sha256 } = baseFacts(opened);
  const base = id ?? sha256?.slice(0, 8);
  return {
    title: `${basename(resolve(source))}: ${labels.length} classes`,
    lines: [
      `Compared with the original before it was packed: ${describeProof(proof)}.`,
      `Images are ${describeSteps(preprocessing)}.`,
      `Base: ${base ?? "a model"}${adapter ? `, adapted with ${adapter.method.name}` : ""}. Packed by rlrr.`,
    ],
    labels,
    scores,
    unknownBelow: adapter?.unknown?.threshold,
  };
}

function zipped(page: Iterable<Uint8Array>, out: string): Uint8Array {
  const name = `${basename(out, extname(out))}.html`;
  return zipSync({ [name]: Buffer.concat([...page]) }, { level: 6, mtime: new Date(1980, 0, 2) });
}

/** For people. */
export const renderPacked = ({ path, precision, bytes, proof }: PackedModel): string =>
  `${path}  ${precision}, ${(bytes / 1e6).toFixed(1)} MB. In ONNX Runtime, ${describeProof(proof)}.
Whoever opens it in a browser can drop images on it; it needs no network and nothing installed.`;
