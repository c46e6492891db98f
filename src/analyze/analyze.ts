/** Analyses what adapters changed in their base: spectra of its weights, features of images, and what is kept of it. */

import { join } from "node:path";
import { validationOf } from "../adapter/validation.ts";
import type { Dataset } from "../datasets/dataset.ts";
import { readDataset } from "../datasets/read-dataset.ts";
import type { Engine } from "../engine/engine.ts";
import { openGram } from "../engine/gram.ts";
import { type EngineOptions, openEngine } from "../engine/open-engine.ts";
import { chooseThreads } from "../engine/thread-quota.ts";
import { InputError } from "../errors.ts";
import { checkCounts, shown } from "../files/check-count.ts";
import { checkOptions, checkPath, type KnownOptions } from "../files/check-options.ts";
import { checkReportFile } from "../files/check-output-paths.ts";
import { exists } from "../files/exists.ts";
import { readJson } from "../files/read-json.ts";
import { writeFileAtomically } from "../files/write-file.ts";
import { openImageStore } from "../images/image-store.ts";
import { limits } from "../limits.ts";
import { methodOf } from "../methods/methods.ts";
import type { Analysis, AnalyzedAdapter } from "../reports/analysis.ts";
import { renderAnalysisReport } from "../reports/analysis-report.ts";
import { parseRunConfig } from "../runs/run-config.ts";
import { runOfAdapter } from "../runs/run-folder.ts";
import { SpectraPool } from "../spectra/spectra-pool.ts";
import type { ProgressEvent } from "../train/fit-events.ts";
import { type BaseSpectra, openBaseSpectra } from "./base-spectra.ts";
import { type ComparedAdapters, compareAdapters } from "./compare-adapters.ts";
import { openFeatureReader } from "./feature-reader.ts";
import { type MeasuredKept, measureKept } from "./measure-kept.ts";
import { type MeasuredTasks, measureTask } from "./measure-task.ts";
import { type OpenAdaptersOptions, type OpenedAdapter, openAdapters } from "./open-adapters.ts";

export interface AnalyzeOptions extends OpenAdaptersOptions, EngineOptions {
  /** The task's images; where left out, those that the runs were trained on, where all name the same and it is there. */
  readonly data?: string | Dataset | undefined;
  /** Images of something else, on which is measured what is kept of the pre-trained model. */
  readonly retain?: string | Dataset | undefined;
  /** How many of the largest singular values span the subspaces whose turn is measured; 16 where left out. */
  readonly top?: number | undefined;
  /** The most images of each set; 1000 where left out. */
  readonly images?: number | undefined;
  /** Where to write a page that shows it all; its name ends in .html. */
  readonly report?: string | undefined;
  /** How far the work on weights and images is. */
  readonly onWork?: ((event: ProgressEvent) => void) | undefined;
}

const known: KnownOptions<AnalyzeOptions> = {
  ...{ data: true, retain: true, top: true, images: true, report: true, model: true, method: true },
  ...{ heads: true, provider: true, threads: true, signal: true, onProgress: true, onWork: true },
};

/** Twice the usual rank of LoRA, so that a change of that rank cannot fill the subspace. */
const defaultTop = 16;
const defaultImages = 1000;

/** `runs` are adapters of one base, or the runs that made them. */
export async function analyze(runs: readonly string[], options: AnalyzeOptions = {}): Promise<Analysis> {
  checkOptions(options, { verb: "analyze", known });
  checkRuns(runs);
  const { top = defaultTop, images = defaultImages, threads, report, signal, onWork } = options;
  checkCounts({ top, images, threads });
  if (report !== undefined) await checkReportFile(report);
  const opened = await openAdapters(runs, options);
  const [data, retain] = [
    await openSet(options.data ?? (await dataOf(runs)), signal),
    await openSet(options.retain, signal),
  ];
  await using engine = await openEngine(options);
  const spectra = openBaseSpectra({ sha256: opened[0]?.adapter.base.sha256 ?? "", top });
  const store = openImageStore();
  try {
    const reader = openFeatureReader({ engine, store, signal, onProgress: onWork });
    const common = { reader, engine, images, signal };
    const task = data && (await measureTask(opened, data, common));
    const kept = retain && (await measureKept(opened, retain, common));
    // Last, as it takes longest: what does not fit the data is refused before.
    const compared = await compareAll(opened, { engine, spectra, top, options });
    const analysis = describe(opened, { top, compared, task, kept, notes: spectra.notes });
    if (report !== undefined) await writeFileAtomically(report, renderAnalysisReport(analysis));
    return analysis;
  } finally {
    await store.close();
  }
}

const { value: mostAdapters } = limits.MAX_ADAPTERS_AT_ONCE;

function checkRuns(runs: readonly string[]): void {
  if (!Array.isArray(runs) || runs.length === 0)
    throw new InputError(`analyze takes the paths of adapters or runs, in a list; got ${shown(runs)}.`);
  for (const run of runs) checkPath(run, { what: "analyze: an adapter" });
  if (runs.length > mostAdapters)
    throw new InputError(
      `analyze: ${runs.length} adapters were given; at most ${mostAdapters} are compared at once.`,
    );
}

const openSet = async (data: string | Dataset | undefined, signal: AbortSignal | undefined) =>
  typeof data === "string" ? readDataset(data, signal ? { signal } : {}) : data;

/** The folder that every run names as its data, if it is there. */
async function dataOf(runs: readonly string[]): Promise<string | undefined> {
  const roots = new Set<string | undefined>();
  for (const run of runs) {
    const path = join(runOfAdapter(run), "run.json");
    roots.add((await exists(path)) ? parseRunConfig(await readJson(path), path).data.root : undefined);
  }
  const [root] = roots;
  return roots.size === 1 && root !== undefined && (await exists(root)) ? root : undefined;
}

interface CompareAll {
  readonly engine: Engine;
  readonly spectra: BaseSpectra;
  readonly top: number;
  readonly options: AnalyzeOptions;
}

async function compareAll(
  opened: readonly OpenedAdapter[],
  { engine, spectra, top, options: { threads: asked, signal, onWork } }: CompareAll,
): Promise<ComparedAdapters> {
  const { threads } = chooseThreads(asked);
  await using products = await openGram();
  const pool = new SpectraPool(threads, products.gram);
  const onProgress = (done: number, total: number) =>
    onWork?.({ type: "progress", label: "decomposing weights", done, total, unit: "weights" });
  try {
    const ahead = 2 * threads;
    return await compareAdapters(opened, { engine, pool, spectra, ahead, top, signal, onProgress });
  } finally {
    await pool.close();
  }
}

interface Found {
  readonly top: number;
  readonly compared: ComparedAdapters;
  readonly task: MeasuredTasks | undefined;
  readonly kept: MeasuredKept | undefined;
  readonly notes: readonly string[];
}

function describe(opened: readonly OpenedAdapter[], { top, compared, task, kept, notes }: Found): Analysis {
  const adapters = opened.map(({ adapter, path, name }, at): AnalyzedAdapter => {
    const { method } = methodOf(adapter);
    const validation = validationOf(adapter.training);
    const { matrices = [], vectors = [] } = compared.adapters[at] ?? {};
    const own = kept?.adapters[at];
    return {
      ...{ path, name, method: method.name, matrices, vectors },
      ...(method.unmergeable !== undefined && { unmergeable: method.unmergeable }),
      ...(validation && { validation }),
      ...task?.adapters[at],
      ...(own && { kept: own }),
    };
  });
  const [first] = opened;
  return {
    base: {
      ...{ id: first?.adapter.base.id ?? "", sha256: first?.adapter.base.sha256 ?? "" },
      ...{ top, matrices: compared.base },
      ...(kept && { kept: kept.base }),
    },
    adapters,
    notes: [
      ...notes,
      ...(task?.notes ?? []),
      ...(kept?.notes ?? []),
      ...(task
        ? []
        : [
            "No images of the task were given, so features were not compared and accuracies are those of training.",
          ]),
    ],
  };
}
