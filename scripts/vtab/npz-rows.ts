/** Streams one array of an .npz file, however large: its rows pass once, in chunks. */

import { FileError } from "../../src/errors.ts";
import { withFile } from "../../src/files/read-file.ts";
import { showValue } from "../../src/files/show-value.ts";
import { NPY_PREFIX_BYTES, npyHeaderBytes, parseNpyHeader } from "../../src/formats/npy.ts";
import { renderShape, sizeOf } from "../../src/formats/tensor.ts";
import { openZip } from "../../src/formats/zip-directory.ts";
import { zipEntryBytes } from "../../src/formats/zip-entry.ts";

/** What an array has to be; the number of its rows is its own. */
export interface RowFormat {
  readonly name: string;
  /** NumPy's name of the type, such as `<i8`. */
  readonly descr: string;
  readonly valueBytes: number;
  readonly row: readonly number[];
}

export interface NpzRows {
  readonly count: number;
  /** The values, row after row; a chunk may end anywhere. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** More rows than any of the data sets has: what a reader allocates for them is bounded. */
const MAX_ROWS = 2 ** 20;

/** Opens the array in the .npz file at `path`, passes it to `use`, and closes the file. */
export const withNpzRows = <T>(
  path: string,
  format: RowFormat,
  use: (rows: NpzRows) => Promise<T>,
): Promise<T> =>
  withFile(path, async (handle) => {
    const zip = await openZip(handle, path);
    const entry = zip.entries.find(({ name }) => name === `${format.name}.npy`);
    if (!entry)
      throw new FileError(`${path}: there is no array ${showValue(format.name)}. Download it again.`);
    const where = `${path}: array ${showValue(format.name)}`;
    const bytes = zipEntryBytes(zip, entry);
    const { header, rest } = await splitHeader(bytes, where);
    const count = countRows(header, { where, entryBytes: entry.bytes, format });
    return use({ count, chunks: chain(rest, bytes) });
  });

/** The header, and what follows it in the chunks that it took. */
async function splitHeader(bytes: AsyncGenerator<Uint8Array>, where: string) {
  let start = new Uint8Array();
  for (;;) {
    if (start.length >= NPY_PREFIX_BYTES) {
      const end = npyHeaderBytes(start, where);
      if (start.length >= end) return { header: start.subarray(0, end), rest: start.subarray(end) };
    }
    const next = await bytes.next();
    if (next.done) throw new FileError(`${where} ends inside its header. Download it again.`);
    start = Buffer.concat([start, next.value]);
  }
}

function countRows(
  header: Uint8Array,
  {
    where,
    entryBytes,
    format,
  }: { readonly where: string; readonly entryBytes: number; readonly format: RowFormat },
): number {
  const { descr, shape, columnMajor } = parseNpyHeader(header, { where, entryBytes });
  const [count = 0, ...row] = shape;
  if (descr !== format.descr || columnMajor || renderShape(row) !== renderShape(format.row))
    throw new FileError(
      `${where} has ${columnMajor ? "column-major " : ""}shape ${renderShape(shape)} of ${descr}; rows of ${renderShape(format.row)} of ${format.descr} are expected. Download it again.`,
    );
  if (count > MAX_ROWS)
    throw new FileError(`${where} claims ${count} rows; at most ${MAX_ROWS} are allowed. Download it again.`);
  const expected = count * sizeOf(row) * format.valueBytes;
  if (entryBytes - header.length !== expected)
    throw new FileError(
      `${where} has shape ${renderShape(shape)} of ${descr}, which are ${expected} bytes, but ${entryBytes - header.length} bytes of values. Download it again.`,
    );
  return count;
}

async function* chain(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}
