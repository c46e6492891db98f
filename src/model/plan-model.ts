/** Finds the model among the tensors of a source, of whichever family it is. */

import { FileError } from "../errors.ts";
import { families, familyOf } from "./architectures.ts";
import type { CommonHints, Family, SourceShapes, WeightPlan } from "./family.ts";
import { shortList } from "./find-scheme.ts";
import { planOwn } from "./own-format.ts";

export interface PlanRequest {
  /** Names the source in messages. */
  readonly where: string;
  /** What a configuration file says; of its family alone the tensors may be. */
  readonly hints?: CommonHints | undefined;
}

export interface PlannedModel {
  readonly family: Family;
  readonly plan: WeightPlan;
}

/** How the tensors become our weights. Throws where they are of no known model. */
export function planModel(tensors: SourceShapes, { where, hints }: PlanRequest): PlannedModel {
  if (hints?.stored) {
    const { stored: config } = hints;
    return { family: familyOf(config), plan: planOwn(tensors, { config, where }) };
  }
  const known = families.filter(({ name }) => name === (hints?.family ?? name));
  for (const family of known) {
    const plan = family.plan(tensors, { where, hints });
    if (plan) return { family, plan };
  }
  const titles = new Set(known.flatMap(({ sources }) => sources));
  const [only, ...others] = known.map(({ title }) => title);
  const what = others.length === 0 ? only : "known model";
  const kinds = others.length === 0 ? "" : `${[only, ...others].join(", ")}, by `;
  const says = hints?.kind ? ` ${hints.where} says ${hints.kind}.` : "";
  throw new FileError(
    `${where}: no ${what} was found in its ${tensors.size} tensors (${shortList([...tensors.keys()])}).${says} Known are ${kinds}the names of ${[...titles].join(", ")}.`,
  );
}
