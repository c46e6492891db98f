/** The pixels that official recipes train and test on against the official transforms', as hashes of their numbers. */

import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { composeSteps } from "../src/preprocessing/compose-steps.ts";
import { applySteps } from "../src/preprocessing/preprocess.ts";
import { evaluationSteps } from "../src/preprocessing/step-list.ts";
import { namedRecipe } from "../src/runs/named-recipes.ts";
import { formulaImage } from "./formula-image.ts";
import { readGolden } from "./golden.ts";

interface Chosen {
  readonly flip: boolean;
  readonly crop?: readonly [top: number, left: number, height: number, width: number];
  readonly sha256: string;
}
interface Case {
  readonly size: readonly [width: number, height: number];
  readonly vtabTest: string;
  readonly vtabTrain: readonly Chosen[];
  readonly fgvcTest: string;
  readonly fgvcTrain: readonly Chosen[];
}
const { pixels } = readGolden<{ readonly pixels: readonly Case[] }>("official-data");

const stepsOf = (name: string, data: string) =>
  composeSteps([224, 224], undefined, namedRecipe(name, { data, where: "test" }).images);
const vtab = stepsOf("official-vtab", "dtd");
const fgvc = stepsOf("official-fgvc", "NABirds");
const digest = (numbers: Float32Array): string =>
  createHash("sha256").update(new Uint8Array(numbers.buffer)).digest("hex");

/** Random numbers that choose as the official code did: the crop's row and column of 33 each, and whether to flip. */
function chosen({ crop, flip }: Chosen): () => number {
  const numbers = [...(crop ? [(crop[0] + 0.5) / 33, (crop[1] + 0.5) / 33] : []), flip ? 0 : 0.9];
  return () => numbers.shift() ?? Number.NaN;
}

describe("official pixels", () => {
  it.each(pixels)("are the same to the bit, of an image of $size", (one) => {
    const image = formulaImage([one.size[1], one.size[0]]);
    expect(digest(applySteps(image, evaluationSteps(vtab)))).toBe(one.vtabTest);
    expect(digest(applySteps(image, evaluationSteps(fgvc)))).toBe(one.fgvcTest);
    for (const choice of one.vtabTrain)
      expect(digest(applySteps(image, vtab, { random: chosen(choice) }))).toBe(choice.sha256);
    for (const choice of one.fgvcTrain)
      expect(digest(applySteps(image, fgvc, { random: chosen(choice) }))).toBe(choice.sha256);
  });
});
