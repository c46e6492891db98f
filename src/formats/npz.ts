/** A .npz file is a zip of .npy arrays; each is read by itself, so that gigabytes never sit in memory. */

import { FileError } from "../errors.ts";
import { withFile } from "../files/read-file.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";
import { toFloat32 } from "./float-types.ts";
import {
  fromColumnMajor,
  MAX_NPY_HEADER_BYTES,
  NPY_PREFIX_BYTES,
  type NpyHeader,
  npyHeaderBytes,
  parseNpyHeader,
} from "./npy.ts";
import type { Tensor } from "./tensor.ts";
import { openZip, type ZipEntry, type ZipFile } from "./zip-directory.ts";
import { zipEntryBytes } from "./zip-entry.ts";

export interface NpzArray extends NpyHeader {
  readonly entry: ZipEntry;
}

export interface NpzFile {
  /** As the caller named it, for messages. */
  readonly path: string;
  readonly arrays: ReadonlyMap<string, NpzArray>;
}

export const MAX_ARRAY_BYTES = limits.MAX_ARRAY_BYTES.value;

/**
 * Most headers have 128 bytes, fewer when deflated. Few at a time, because the densest deflated bytes inflate to a thousand times
 * as many, which for 20,000 entries would be gigabytes before anything is known of them.
 */
const HEADER_FEED_BYTES = 64;

/** An array's whole header and, where it is cut short, what there is of it. */
async function firstBytes(zip: ZipFile, entry: ZipEntry, where: string): Promise<Uint8Array> {
  let start: Uint8Array = new Uint8Array();
  for await (const bytes of zipEntryBytes(zip, entry, { feedBytes: HEADER_FEED_BYTES })) {
    start = Buffer.concat([start, bytes.subarray(0, MAX_NPY_HEADER_BYTES + NPY_PREFIX_BYTES)]);
    if (start.length >= NPY_PREFIX_BYTES && start.length >= npyHeaderBytes(start, where)) break;
  }
  return start;
}

async function readHeader(zip: ZipFile, entry: ZipEntry): Promise<NpzArray> {
  const where = `${zip.path}: array ${showValue(entry.name)}`;
  if (entry.bytes > MAX_ARRAY_BYTES)
    throw new FileError(`${where} claims ${entry.bytes} bytes; at most ${MAX_ARRAY_BYTES} are allowed.`);
  const start = await firstBytes(zip, entry, where);
  const bytes = npyHeaderBytes(start.subarray(0, NPY_PREFIX_BYTES), where);
  if (bytes > start.length) throw new FileError(`${where} ends inside its header.`);
  return { entry, ...parseNpyHeader(start.subarray(0, bytes), { where, entryBytes: entry.bytes }) };
}

/** Reads the directory and the headers of the .npz file at `path`. */
export const readNpz = (path: string): Promise<NpzFile> =>
  withFile(path, async (handle) => {
    const zip = await openZip(handle, path);
    const arrays = new Map<string, NpzArray>();
    for (const entry of zip.entries)
      if (entry.name.endsWith(".npy")) arrays.set(entry.name.slice(0, -4), await readHeader(zip, entry));
    return { path, arrays };
  });

/** One array of `file` in memory: row-major float32. */
export async function readNpzArray(file: NpzFile, name: string): Promise<Tensor> {
  const array = file.arrays.get(name);
  const where = `${file.path}: array ${showValue(name)}`;
  if (array === undefined) throw new FileError(`${file.path}: there is no array ${showValue(name)}.`);
  const { entry, dtype, descr, shape, columnMajor, bytes: headerBytes } = array;
  if (dtype === undefined)
    throw new FileError(
      `${where} has type ${showValue(descr)}; weights are "<f4", "<f8", "<f2" or bfloat16.`,
    );
  const all = new Uint8Array(entry.bytes);
  await withFile(file.path, async (handle) => {
    const zip = await openZip(handle, file.path);
    let done = 0;
    for await (const bytes of zipEntryBytes(zip, entry)) {
      all.set(bytes, done);
      done += bytes.length;
    }
  });
  const data = toFloat32(all.subarray(headerBytes), dtype);
  return { shape, data: columnMajor ? fromColumnMajor(data, shape) : data };
}
