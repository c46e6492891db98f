/** A method that adapts some blocks alone: every other site stays as the backbone has it. */

import { z } from "zod";
import { InputError } from "../errors.ts";
import type { Structure } from "../model/backbone.ts";
import type { LayerChanges, ValueOf } from "../model/layers.ts";
import type { Adaptation } from "./method.ts";

const range = /^(\d{1,4})(?:-(\d{1,4}))?$/;

/** The ends of each range of a list; nothing where it is none. */
function parseRanges(text: string): readonly (readonly [number, number])[] | undefined {
  const ranges = text.split(",").flatMap((part) => {
    const [, first, last = first] = range.exec(part.trim()) ?? [];
    return first === undefined || Number(last) < Number(first)
      ? []
      : [[Number(first), Number(last)] as const];
  });
  return ranges.length === text.split(",").length ? ranges : undefined;
}

/** The option of every method that adapts blocks. */
export const blocksOption = () =>
  z
    .string()
    .refine((text) => parseRanges(text) !== undefined)
    .optional()
    .describe("blocks by number, the lowest being 0, such as 6-11 or 0,11")
    .meta({ help: "adapt these blocks alone, such as 6-11: the fewer lower ones, the faster" });

/** The same method in `blocks`; patches, tokens, positions and the norm after all blocks stay as they are, like other blocks. */
export function withinBlocks(adaptation: Adaptation, blocks: string): Adaptation {
  const ranges = parseRanges(blocks) ?? [];
  const isIn = (block: number): boolean => ranges.some(([first, last]) => block >= first && block <= last);
  const { weight, parameter, activation, layers } = adaptation;
  return {
    trainables: (structure) => adaptation.trainables(part(structure, { isIn, ranges })),
    ...(weight && {
      weight: (site, frozen, trained) => (isIn(site.block) ? weight(site, frozen, trained) : frozen),
    }),
    ...(parameter && {
      parameter: (name, frozen, trained) => (isIn(blockOf(name)) ? parameter(name, frozen, trained) : frozen),
    }),
    ...(activation && {
      activation: (site, frozen, trained) =>
        isIn(site.block) ? activation(site, frozen, trained) : undefined,
    }),
    ...(layers && { layers: (trained: ValueOf) => changesWithin(layers(trained), isIn) }),
  };
}

function changesWithin(
  { linear, branch, tokens, ...rest }: LayerChanges,
  isIn: (block: number) => boolean,
): LayerChanges {
  return {
    ...rest,
    ...(linear && { linear: (site) => (isIn(site.block) ? linear(site) : undefined) }),
    ...(branch && { branch: (site) => (isIn(site.block) ? branch(site) : undefined) }),
    ...(tokens && { tokens: (block) => (isIn(block) ? tokens(block) : undefined) }),
  };
}

/** Sites and tensors of some blocks. */
function part(
  { sites, shapes }: Structure,
  { isIn, ranges }: { isIn: (block: number) => boolean; ranges: readonly (readonly [number, number])[] },
): Structure {
  const last = Math.max(...sites.map(({ block }) => block));
  const beyond = ranges.find(([, to]) => to > last);
  if (beyond)
    throw new InputError(
      (show) => `${show("blocks")} must be blocks of the model, which are 0 to ${last}, got ${beyond[1]}.`,
    );
  return {
    sites: sites.filter(({ block }) => isIn(block)),
    shapes: new Map([...shapes].filter(([name]) => isIn(blockOf(name)))),
  };
}

/** The block that a tensor's name tells; -1 where it belongs to none. */
const blockOf = (name: string): number => Number(/^blocks\.(\d+)\./.exec(name)?.[1] ?? -1);
