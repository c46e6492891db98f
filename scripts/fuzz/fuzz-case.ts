/** What a row of the table of readers is, and how its inputs are made: each from the row's name and a seed alone. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { drawer, mutateBytes, pick } from "../../test/mutations.ts";
import { mutateJson, mutateText } from "./mutate-text.ts";

/** A folder of its own, to which a case writes what a reader takes by its path. */
export interface Place {
  readonly folder: string;
  /** Writes a file there; its path. */
  readonly write: (name: string, content: Uint8Array | string) => string;
}

export const placeIn = (folder: string): Place => ({
  folder,
  write: (name, content) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  },
});

export interface FuzzCase {
  readonly name: string;
  /** The exports that it reaches, such as `formats/zip-directory.ts openZip`. */
  readonly readers: readonly string[];
  /** Those that it reaches in a process that decodes images, where nobody counts. */
  readonly inImageProcess?: readonly string[];
  /** What is damaged: bytes, letters, or values of JSON. */
  readonly form: "bytes" | "text" | "json";
  /** How many inputs it gets for one of the slowest cases. */
  readonly share: number;
  /** Most damage to bytes falls below. */
  readonly headerBytes?: number;
  /** Sound inputs, from which the others are made. */
  readonly corpus: (place: Place) => Promise<readonly (Uint8Array | string)[]>;
  /** Reads an input with everything that takes such inputs. What it throws must be an error of ours. */
  readonly run: (input: Uint8Array, place: Place) => Promise<void> | void;
  /** Lets go of what `run` has started. */
  readonly close?: () => Promise<void>;
}

/** Each name begins elsewhere, so that two cases never get the same damages. */
const seedOf = (name: string, seed: number): number => {
  let hash = 0x811c9dc5;
  for (const letter of `${name} ${seed}`) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
};

const bytesOf = (input: Uint8Array | string): Uint8Array =>
  typeof input === "string" ? Buffer.from(input) : input;
const textOf = (input: Uint8Array | string): string =>
  typeof input === "string" ? input : Buffer.from(input).toString("utf8");

/** The input of a seed. */
export function makeInput(
  { name, form, headerBytes }: FuzzCase,
  { seed, corpus }: { readonly seed: number; readonly corpus: readonly (Uint8Array | string)[] },
): Uint8Array {
  const draw = drawer(seedOf(name, seed));
  const [sound, other] = [pick(draw, corpus), pick(draw, corpus)];
  if (form === "bytes")
    return mutateBytes(bytesOf(sound), {
      draw,
      other: bytesOf(other),
      ...(headerBytes !== undefined && { headerBytes }),
    });
  const change = form === "json" ? mutateJson : mutateText;
  return Buffer.from(change(textOf(sound), { draw, other: textOf(other) }));
}

/** The text of an input; what is no UTF-8 becomes U+FFFD, as in every reader. */
export const decode = (input: Uint8Array): string =>
  new TextDecoder("utf-8", { ignoreBOM: true }).decode(input);
