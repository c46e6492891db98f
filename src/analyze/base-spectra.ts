/** Decompositions of a base's matrices, kept on disk by the base's hash: every adapter of it needs them again. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { RlrrError } from "../errors.ts";
import { makeFolder } from "../files/make-folder.ts";
import { writeFileAtomically } from "../files/write-file.ts";
import { cacheFolder } from "../model/convert-weights.ts";
import type { SingularPart } from "../spectra/svd.ts";

/** Of one base and one number of vectors. */
export interface BaseSpectra {
  /** Undefined where it is not there, or damaged. */
  readonly load: (matrix: Place) => Promise<SingularPart | undefined>;
  readonly save: (matrix: Place, part: SingularPart) => Promise<void>;
  /** What kept them from being saved, once. */
  readonly notes: readonly string[];
}

interface Place {
  readonly name: string;
  readonly out: number;
  readonly in: number;
}

/** Raised when decompositions are computed otherwise. */
const version = 2;

export function openBaseSpectra({ sha256, top }: { sha256: string; top: number }): BaseSpectra {
  const folder = join(cacheFolder(), "spectra", `${sha256.slice(0, 32)}-top${top}-v${version}`);
  const pathOf = ({ name }: Place) => join(folder, `${name}.f64`);
  const notes: string[] = [];
  return {
    load: async (matrix) => unpack(await numbersIn(pathOf(matrix)), { ...matrix, top }),
    save: async (matrix, part) => {
      if (notes.length > 0) return;
      try {
        await makeFolder(folder);
        await writeFileAtomically(pathOf(matrix), new Uint8Array(pack(part).buffer));
      } catch (error) {
        // The next analysis computes them again.
        if (!(error instanceof RlrrError)) throw error;
        notes.push(`The base's singular values could not be kept for the next analysis. ${error.message}`);
      }
    },
    notes,
  };
}

/** As many of the vectors as there are, then the values, then the vectors: columns' first. */
const pack = ({ values, columnVectors, rowVectors }: SingularPart): Float64Array<ArrayBuffer> =>
  Float64Array.from([
    rowVectors.length,
    ...values,
    ...columnVectors.flatMap((vector) => [...vector]),
    ...rowVectors.flatMap((vector) => [...vector]),
  ]);

/** A file that was cut short or holds what is no number counts as none. */
function unpack(
  numbers: Float64Array | undefined,
  { out, in: into, top }: Place & { readonly top: number },
): SingularPart | undefined {
  if (!numbers) return undefined;
  const count = numbers[0] ?? -1;
  const rank = Math.min(out, into);
  const isWhole = count >= 0 && count <= top && numbers.length === 1 + rank + count * (out + into);
  if (!isWhole || !numbers.every(Number.isFinite)) return undefined;
  const vectors = (from: number, length: number) =>
    Array.from({ length: count }, (_, at) => numbers.slice(from + at * length, from + (at + 1) * length));
  return {
    values: numbers.slice(1, 1 + rank),
    columnVectors: vectors(1 + rank, out),
    rowVectors: vectors(1 + rank + count * out, into),
  };
}

async function numbersIn(path: string): Promise<Float64Array | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  if (!bytes || bytes.length % 8 !== 0) return undefined;
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}
