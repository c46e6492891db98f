/** Compares every weight of some adapters with their base's, one block at a time. */

import { adaptedBlocks } from "../adapter/merge.ts";
import type { Engine } from "../engine/engine.ts";
import type { Tensor, Weight, Weights } from "../formats/tensor.ts";
import { readWeight } from "../formats/weight-bytes.ts";
import { backboneOf } from "../model/architectures.ts";
import type { BaseMatrix, ChangedMatrix, ChangedVector, MatrixPlace } from "../reports/analysis.ts";
import { compareWeights, type WeightChange } from "../spectra/compare-weights.ts";
import { norm } from "../spectra/matrix.ts";
import type { SpectraPool } from "../spectra/spectra-pool.ts";
import type { BaseSpectra } from "./base-spectra.ts";
import type { OpenedAdapter } from "./open-adapters.ts";

export interface CompareOptions {
  readonly engine: Engine;
  readonly pool: SpectraPool;
  /** What is known of the base, and for the next analysis becomes so. */
  readonly spectra: BaseSpectra;
  /** Weights that wait for a thread, so that memory stays bounded. */
  readonly ahead: number;
  readonly top: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: (done: number, total: number) => void;
}

/** Of each adapter in the order given, and of the base. */
export interface ComparedAdapters {
  readonly base: readonly BaseMatrix[];
  readonly adapters: readonly {
    readonly matrices: readonly ChangedMatrix[];
    readonly vectors: readonly ChangedVector[];
  }[];
}

/** Matrices are decomposed in threads while the next block is computed. */
export async function compareAdapters(
  opened: readonly OpenedAdapter[],
  options: CompareOptions,
): Promise<ComparedAdapters> {
  const { engine, signal, ahead, onProgress } = options;
  const places = matrixPlaces(opened);
  const found = opened.map(() => ({ matrices: [] as ChangedMatrix[], vectors: [] as ChangedVector[] }));
  const base: BaseMatrix[] = [];
  const pending = new Set<Promise<void>>();
  let done = 0;
  onProgress(done, places.size);
  const streams = opened.map(({ model, adapter }) => adaptedBlocks(model, adapter, engine));
  for (;;) {
    const blocks = await Promise.all(streams.map((stream) => stream.next()));
    const weights = blocks.flatMap(({ value }): Weights[] => (value ? [value] : []));
    if (weights.length < opened.length) break;
    for (const [name, before] of ownWeights(opened, weights)) {
      signal?.throwIfAborted();
      const changed = changedBy(name, opened, weights);
      const place = places.get(name);
      if (!place) {
        for (const { at, after } of changed) found[at]?.vectors.push(await moveOf(name, { before, after }));
        continue;
      }
      const task = compareOne(place, { before, changed, options }).then(({ own, changes }) => {
        if (own) base.push(own);
        for (const { at, change } of changes) found[at]?.matrices.push({ ...place, ...change });
        onProgress(++done, places.size);
      });
      pending.add(task);
      task.then(
        () => pending.delete(task),
        () => {},
      );
      if (pending.size >= ahead) await Promise.race(pending);
    }
  }
  await Promise.all(pending);
  const order = [...places.values()].map(({ name }) => name);
  const inOrder = <Row extends MatrixPlace>(rows: readonly Row[]): readonly Row[] =>
    rows.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  return {
    base: inOrder(base),
    adapters: found.map(({ matrices, vectors }) => ({ matrices: inOrder(matrices), vectors })),
  };
}

/** Matrices of the backbone by the names of their weights, in the order an image passes them. */
function matrixPlaces([first]: readonly OpenedAdapter[]): ReadonlyMap<
  string,
  MatrixPlace & { out: number; in: number }
> {
  if (!first) return new Map();
  return new Map(
    backboneOf(first.model.config).sites.flatMap((site) => {
      if (site.kind !== "linear" && site.kind !== "embed") return [];
      const { name, role, block, out, in: into } = site;
      return [[`${name}.weight`, { name, role, block, out, in: into }] as const];
    }),
  );
}

/** The base's weights of this block. */
function ownWeights([first]: readonly OpenedAdapter[], [block]: readonly Weights[]): [string, Weight][] {
  return [...(block?.keys() ?? [])].flatMap((name): [string, Weight][] => {
    const weight = first?.model.weights.get(name);
    return weight ? [[name, weight]] : [];
  });
}

interface Changed {
  /** Which adapter. */
  readonly at: number;
  readonly after: Weight;
}

/** A weight that a method leaves alone is the model's own. */
const changedBy = (name: string, opened: readonly OpenedAdapter[], blocks: readonly Weights[]): Changed[] =>
  blocks.flatMap((block, at) => {
    const after = block.get(name);
    return after && after !== opened[at]?.model.weights.get(name) ? [{ at, after }] : [];
  });

interface One {
  readonly before: Weight;
  readonly changed: readonly Changed[];
  readonly options: CompareOptions;
}

async function compareOne(
  place: MatrixPlace & { readonly out: number; readonly in: number },
  { before, changed, options: { pool, top, spectra } }: One,
): Promise<{ own?: BaseMatrix; changes: readonly { at: number; change: WeightChange }[] }> {
  if (changed.length === 0) return { changes: [] };
  const afters: Float32Array[] = [];
  for (const { after } of changed) afters.push((await readWeight(after)).data);
  const { data } = await readWeight(before);
  const own = await spectra.load(place);
  const matrix = { rows: place.out, columns: place.in, data };
  const compared = await compareWeights({ before: matrix, afters, top, own }, (one, wanted) =>
    pool.decompose(one, wanted),
  );
  if (!own) await spectra.save(place, compared.own);
  return {
    own: { ...place, values: compared.own.values },
    changes: compared.changes.map((change, row) => ({ at: (changed[row] as Changed).at, change })),
  };
}

async function moveOf(
  name: string,
  weights: { readonly before: Weight; readonly after: Weight },
): Promise<ChangedVector> {
  const [before, after]: Tensor[] = [await readWeight(weights.before), await readWeight(weights.after)];
  const moved = norm(Float64Array.from(after?.data ?? [], (x, at) => x - (before?.data[at] ?? 0)));
  const size = norm(before?.data ?? []);
  return { name, moved, ...(size > 0 && { change: moved / size }) };
}
