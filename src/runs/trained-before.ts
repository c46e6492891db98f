/** Which images of a data set the adapter that a run continues from was trained on: they must not validate it. */

import type { Dataset } from "../datasets/dataset.ts";
import { findUses } from "../predict/find-uses.ts";
import type { Origin } from "./continued.ts";

/** Their paths; undefined where nothing tells. */
export async function trainedBefore(
  { adapter }: Origin,
  dataset: Dataset,
  options: { readonly signal?: AbortSignal },
): Promise<ReadonlySet<string> | undefined> {
  const { train, val } = dataset.splits;
  const examples = [...train, ...val];
  const uses = await findUses(examples, { adapter, dataset, ...options });
  return uses && new Set(examples.flatMap(({ path }) => (uses.of(path) === "trained" ? [path] : [])));
}

/** A sentence for the user to see. */
export const mayBeTrained = ({ path }: Origin): string =>
  `${path} does not say which images it was trained on. Validation images may be among them; the accuracy on them is then too high.`;
