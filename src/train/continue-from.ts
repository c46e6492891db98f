/** The start of training that continues: trained tensors, new rows of the head fitted beside the others, and their validation. */

import { putStart } from "./blend.ts";
import type { Prepared } from "./epochs.ts";
import type { FitEvent, FitState } from "./fit-events.ts";
import type { ContinueFrom, FitPlan } from "./fit-plan.ts";
import type { Features } from "./fit-sources.ts";
import { fitProbe, type Probe } from "./probe.ts";
import { chooseBest } from "./select.ts";
import { balancedWeights } from "./targets.ts";

interface Parts {
  readonly prepared: Prepared;
  /** Of the adapted model, where they were computed. */
  readonly features: Features | undefined;
  readonly continueFrom: ContinueFrom;
}

/** The state then stands at an epoch of its own, the best one so far: what was learned is not lost to a worse epoch. */
export async function* continueFromTrained(
  plan: FitPlan,
  parts: Parts,
): AsyncGenerator<FitEvent, FitState, void> {
  const began = performance.now();
  const { prepared, continueFrom } = parts;
  const { state, validation } = prepared;
  const probe = await fitNewRows(plan, parts);
  if (probe) putStart(state.parameters, probe.head);
  const found = validation && (yield* validation.scores(state.parameters, -1));
  const { recipe } = plan;
  const best =
    found &&
    chooseBest(undefined, { epoch: -1, top1: found.top1, loss: found.loss }, { ...recipe, ...validation });
  const started: FitState = { ...state, position: { ...state.position, best } };
  yield {
    type: "continued",
    ...(best && { valLoss: best.loss, valTop1: best.top1 }),
    newClasses: continueFrom.newClasses.length,
    ...(probe && { penalty: probe.penalty }),
    ...(found?.sample && { sample: found.sample }),
    ...{ seconds: (performance.now() - began) / 1000, state: started },
  };
  return started;
}

/** Rows of classes that were trained before stay as they are. */
async function fitNewRows(
  { recipe, options: { classes, engine, signal } }: FitPlan,
  { features, continueFrom: { tensors, newClasses } }: Parts,
): Promise<Probe | undefined> {
  if (!features || newClasses.length === 0 || recipe.start !== "probe") return undefined;
  const { labels } = features.train;
  const classWeights = recipe.classWeights === "balanced" ? balancedWeights(labels, classes) : undefined;
  const beside = { head: tensors, rows: newClasses };
  return fitProbe(features.train, features.val, { classes, engine, classWeights, beside, signal });
}
