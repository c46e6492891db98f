/** Runs a trial whose study shares a store instead of a folder: its state, features and result go there. */

import type { ObjectStore } from "../store/object-store.ts";
import { type RunTrialOptions, removeRun, runTrial, type TrialOutcome } from "./run-trial.ts";
import { featuresKey, placedHere, storeAt } from "./store-place.ts";
import { shareFeatures } from "./stored-features.ts";
import { storedResult, storeResult } from "./stored-results.ts";
import { StoredState } from "./stored-state.ts";
import type { Trial, TrialCost, TrialResult, TrialStore } from "./trial.ts";

type Ended = { readonly result: TrialResult; readonly cost: TrialCost };

export interface RunStoredTrial extends RunTrialOptions {
  /** Of all that it does: what the trial took of memory at its peak. */
  readonly measure: <T>(work: () => Promise<T>) => Promise<readonly [T, peakBytes: number]>;
}

/** The result that stands in the store at the end, which may be another worker's; nothing where the signal was raised. */
export async function runStoredTrial(
  trial: Trial & { readonly store: TrialStore },
  options: RunStoredTrial,
): Promise<Ended | undefined> {
  const store = await storeAt(trial.store.address);
  const here = placedHere(trial, trial.store);
  const before = await storedResult(store, trial.name);
  if (before) {
    await removeRun(here.folder);
    return before;
  }
  const [outcome, peakBytes] = await options.measure(() => train(here, { store, options }));
  if (outcome === undefined) return undefined;
  const { result, seconds } = outcome;
  const { name, content } = trial;
  const cost = { seconds, peakBytes };
  const stored = await storeResult(store, { type: "trial", name, content, result, cost });
  await removeRun(here.folder);
  return stored;
}

async function train(
  here: Trial,
  { store, options }: { readonly store: ObjectStore; readonly options: RunTrialOptions },
): Promise<TrialOutcome | undefined> {
  const state = new StoredState(store, here.name);
  await state.fetch(here.folder);
  const features = await shareFeatures(store, { under: featuresKey(here), folder: here.features });
  const outcome = await runTrial(here, {
    ...options,
    onSaved: () => state.save(here.folder, { must: false }),
  });
  await features.send();
  if (outcome === undefined || here.store?.keepState) await state.save(here.folder, { must: true });
  return outcome;
}
