/** Reads rows of an array of an HDF5 file from the disk, as they are asked for. */

import { Dataset, File, ready } from "h5wasm/node";
import { FileError, RlrrError } from "../../src/errors.ts";
import { withFile } from "../../src/files/read-file.ts";
import { showValue } from "../../src/files/show-value.ts";
import { renderShape } from "../../src/formats/tensor.ts";

/** What an array has to be; the number of its rows is its own. */
export interface HdfFormat {
  readonly name: string;
  readonly values: "bytes" | "integers";
  readonly row: readonly number[];
}

export interface HdfRows {
  readonly count: number;
  /** Of an array of bytes. */
  bytes(from: number, to: number): Uint8Array;
  /** Of any array. */
  integers(from: number, to: number): readonly number[];
}

/** More rows than any of the data sets has: what a reader allocates for them is bounded. */
const MAX_ROWS = 2 ** 20;

/** Checks the array; the file is opened for each read, in a third of a millisecond, and stays open for none. */
export async function openHdfRows(path: string, format: HdfFormat): Promise<HdfRows> {
  // A file that is missing, or none, is told from one that is damaged.
  await withFile(path, async () => {});
  // Else HDF5 prints what is wrong, and goes on.
  (await ready).activate_throwing_error_handler();
  const count = withArray(path, format, (array) => countRows(array, { path, format }));
  const read = (from: number, to: number) => withArray(path, format, (array) => array.slice([[from, to]]));
  return {
    count,
    bytes: (from, to) => read(from, to) as Uint8Array,
    integers: (from, to) => Array.from(read(from, to) as ArrayLike<number | bigint>, Number),
  };
}

function withArray<T>(path: string, { name }: HdfFormat, use: (array: Dataset) => T): T {
  let file: File | undefined;
  try {
    file = new File(path, "r");
    const array = file.get(name);
    if (!(array instanceof Dataset))
      throw new FileError(
        `${path}: there is no array ${showValue(name)}; it has ${showValue(file.keys())}. Download it again.`,
      );
    return use(array);
  } catch (cause) {
    if (cause instanceof RlrrError) throw cause;
    throw new FileError(`${path} cannot be read as HDF5: ${reasonOf(cause)}. Download and unpack it again.`, {
      cause,
    });
  } finally {
    file?.close();
  }
}

function countRows(
  array: Dataset,
  { path, format }: { readonly path: string; readonly format: HdfFormat },
): number {
  const { shape, type, size, signed } = array.metadata;
  const where = `${path}: array ${showValue(format.name)}`;
  const [count = 0, ...row] = shape ?? [];
  // Type 0 are the integers.
  const fits = type === 0 && (format.values === "integers" || (size === 1 && !signed));
  if (!fits || renderShape(row) !== renderShape(format.row))
    throw new FileError(
      `${where} has shape ${renderShape(shape ?? [])} of type ${showValue(array.dtype)}; rows of ${renderShape(format.row)} ${format.values} are expected. Download it again.`,
    );
  if (count > MAX_ROWS)
    throw new FileError(`${where} claims ${count} rows; at most ${MAX_ROWS} are allowed. Download it again.`);
  return count;
}

/** HDF5 tells its calls from the outermost to the one that failed: what that one says. */
function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return [...text.matchAll(/\(\): (.+)$/gm)].at(-1)?.[1] ?? text.split("\n", 1)[0] ?? "";
}
