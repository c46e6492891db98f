/** What networks of stages have in common: the order of their sites, the tensors of a site, and no room for tokens. */

import { InputError } from "../errors.ts";
import type { Shape } from "../formats/tensor.ts";
import type { Value } from "../graph/value.ts";
import type { LinearSite, NormSite, Site } from "./backbone.ts";
import type { Layers } from "./layers.ts";

export interface StagedBlock {
  /** In the order an image passes them, by their roles. */
  readonly sites: object;
  /** Behind the last block of each stage but the last. */
  readonly merge?: { readonly norm: NormSite; readonly reduction: LinearSite } | undefined;
}

/** A network whose blocks work on a map that becomes smaller from stage to stage. */
export interface StagedParts<Block extends StagedBlock> {
  readonly patch: LinearSite;
  readonly patchNorm: NormSite;
  readonly blocks: readonly Block[];
  readonly norm: NormSite;
}

const sitesIn = ({ sites, merge }: StagedBlock): readonly Site[] => [
  ...(Object.values(sites) as Site[]),
  ...(merge ? [merge.norm, merge.reduction] : []),
];

/** In the order an image passes them. */
export const stagedSites = ({
  patch,
  patchNorm,
  blocks,
  norm,
}: StagedParts<StagedBlock>): readonly Site[] => [patch, patchNorm, ...blocks.flatMap(sitesIn), norm];

/** Every tensor of the backbone, in the order of the sites; those that are no site's stand in front of their block's. */
export function stagedShapes<Block extends StagedBlock>(
  { patch, patchNorm, blocks, norm }: StagedParts<Block>,
  ownOf: (block: Block) => Iterable<readonly [name: string, shape: Shape]>,
): Map<string, Shape> {
  return new Map([
    ...[patch, patchNorm].flatMap(shapesAt),
    ...blocks.flatMap((block) => [...ownOf(block), ...sitesIn(block).flatMap(shapesAt)]),
    ...shapesAt(norm),
  ]);
}

/** The weight and the bias of a site; a branch has none. */
export const shapesAt = ({ kind, name, in: into, out }: Site): readonly (readonly [string, Shape])[] =>
  kind === "branch"
    ? []
    : [
        [`${name}.weight`, kind === "norm" ? [out] : [out, into]],
        [`${name}.bias`, [out]],
      ];

export interface TokensAt {
  /** With its article: "a Swin". */
  readonly network: string;
  /** Why it takes none. */
  readonly why: string;
  readonly block: number;
  readonly x: Value;
}

/** A method of a user's own may add tokens all the same. */
export function refuseTokens(layers: Layers, { network, why, block, x }: TokensAt): void {
  if (layers.tokens(block, x) !== x)
    throw new InputError(`The method adds tokens, but ${network} takes none: ${why}. Choose another method.`);
}
