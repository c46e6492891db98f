/** What methods need that share something between all blocks: tokens of one width, and room for more of them. */

import { InputError } from "../errors.ts";
import type { Site, Structure } from "../model/backbone.ts";

/** The widths of the tokens that blocks read, each once, in the order of the blocks. */
export const tokenWidths = (sites: readonly Site[]): number[] => [
  ...new Set(sites.filter(({ kind }) => kind === "branch").map((site) => site.in)),
];

/** The width of all blocks' tokens; `why` is what `method` needs it for, the end of a sentence. */
export function oneWidth({ sites }: Structure, { method, why }: { method: string; why: string }): number {
  const widths = tokenWidths(sites);
  if (widths.length > 1)
    throw new InputError(
      `${method} needs tokens of one width, because ${why}; the blocks of this model have widths of ${widths.join(", ")}. Choose another method for this model.`,
    );
  return widths[0] ?? 0;
}

/** Throws where the model has no place for more tokens. */
export function requireRoom({ fixedTokens }: Structure): void {
  if (fixedTokens !== undefined)
    throw new InputError(
      `Prompts are tokens that a method adds, but this model takes none: ${fixedTokens}. Choose another method for this model.`,
    );
}
