/** Results of trials in a store: the first that is written of a trial stays, and all who ran it give that one. */

import { EngineError } from "../errors.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { parseResults, type ResultsFile } from "./results-file.ts";
import type { TrialRecord } from "./trial.ts";

const folder = "results/";
const keyOf = (trial: string): string => `${folder}${trial}.json`;

/** The result of a trial; undefined where it has none yet. */
export async function storedResult(store: ObjectStore, trial: string): Promise<TrialRecord | undefined> {
  const bytes = await store.get(keyOf(trial));
  return bytes && parseResults(Buffer.from(bytes).toString("utf8"), `${store.address}, ${keyOf(trial)}`)[0];
}

/** Two who meet may both be told to try again. */
const tries = 5;

/** Writes the result, unless there is one: what stands there then. */
export async function storeResult(store: ObjectStore, record: TrialRecord): Promise<TrialRecord> {
  const text = `${JSON.stringify(record)}\n`;
  for (let tried = 0; tried < tries; tried++) {
    if (await store.putNew(keyOf(record.name), text)) return record;
    const there = await storedResult(store, record.name);
    if (there) return there;
  }
  throw new EngineError(`${store.address}: ${keyOf(record.name)} can be neither written nor read.`);
}

/** Takes the results of `trials` that came while nobody listened. */
export async function collectStored(
  store: ObjectStore,
  { results, trials }: { readonly results: ResultsFile; readonly trials: Iterable<string> },
): Promise<void> {
  const there = await store.list(folder);
  for (const name of trials) {
    if (results.records.has(name) || !there.has(keyOf(name))) continue;
    const record = await storedResult(store, name);
    if (record?.name === name) await results.append(record);
  }
}
