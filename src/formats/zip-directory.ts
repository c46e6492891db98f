/** The directory of a zip file: its entries and where each lies. Format: PKWARE's APPNOTE 6.3.10. */

import type { FileHandle } from "node:fs/promises";
import { FileError } from "../errors.ts";
import { LFS_BEGINNING_BYTES, refuseLfsPointer } from "../files/lfs-pointer.ts";
import { readExactly } from "../files/read-file.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";
import { needed } from "../needed.ts";

export interface ZipEntry {
  readonly name: string;
  readonly method: "stored" | "deflated";
  readonly crc: number;
  readonly compressedBytes: number;
  readonly bytes: number;
  /** Of the local header, from the start of the file. */
  readonly offset: number;
  /** Where the next entry, or the directory, begins: this one's data may not reach into it. */
  readonly end: number;
}

/** An open zip file; `path` is for messages. */
export interface ZipFile {
  readonly handle: FileHandle;
  readonly path: string;
  readonly entries: readonly ZipEntry[];
}

export const MAX_DIRECTORY_BYTES = limits.MAX_DIRECTORY_BYTES.value;
export const MAX_END_BYTES = limits.MAX_END_BYTES.value;
export const MAX_RATIO = limits.MAX_RATIO.value;
export const MAX_ENTRIES = limits.MAX_ZIP_ENTRIES.value;
/** Of all entries, inflated. */
export const MAX_TOTAL_BYTES = limits.MAX_TOTAL_BYTES.value;
/** Its numbers, read by byte offset. */
export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** What the directory says of an entry; where it ends follows from the others. */
type ZipRecord = Omit<ZipEntry, "end"> & { readonly nameBytes: number };

interface Directory {
  readonly start: number;
  readonly bytes: number;
  readonly count: number;
}

function safe(value: bigint, path: string): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new FileError(`${path}: the zip directory is damaged.`);
  return Number(value);
}

/** The zip64 end record, where the plain one has no room for the numbers. */
async function findDirectory64(handle: FileHandle, path: string, endOffset: number): Promise<Directory> {
  const damaged = new FileError(`${path}: the zip directory is damaged.`);
  if (endOffset < 20) throw damaged;
  const locator = viewOf(await readExactly(handle, { path, offset: endOffset - 20, length: 20 }));
  if (locator.getUint32(0, true) !== 0x07064b50) throw damaged;
  const offset = safe(locator.getBigUint64(8, true), path);
  if (offset + 56 > endOffset) throw damaged;
  const end = viewOf(await readExactly(handle, { path, offset, length: 56 }));
  if (end.getUint32(0, true) !== 0x06064b50) throw damaged;
  return {
    count: safe(end.getBigUint64(32, true), path),
    bytes: safe(end.getBigUint64(40, true), path),
    start: safe(end.getBigUint64(48, true), path),
  };
}

async function findDirectory(handle: FileHandle, path: string, fileBytes: number): Promise<Directory> {
  const length = Math.min(fileBytes, MAX_END_BYTES);
  const offset = fileBytes - length;
  const tail = viewOf(await readExactly(handle, { path, offset, length }));
  for (let at = length - 22; at >= 0; at--) {
    if (tail.getUint32(at, true) !== 0x06054b50) continue;
    const count = tail.getUint16(at + 10, true);
    const bytes = tail.getUint32(at + 12, true);
    const start = tail.getUint32(at + 16, true);
    if (count === 0xffff || bytes === 0xffffffff || start === 0xffffffff)
      return findDirectory64(handle, path, offset + at);
    return { count, bytes, start };
  }
  throw new FileError(`${path}: this is not a zip file, or it is cut short; get it again.`);
}

/** Sizes and offset of a directory record: from its zip64 extra field where the plain fields are full. */
function widen(
  extra: DataView,
  plain: readonly [bytes: number, compressed: number, offset: number],
  path: string,
): [number, number, number] {
  const wide: [number, number, number] = [...plain];
  if (!plain.includes(0xffffffff)) return wide;
  for (let at = 0; at + 4 <= extra.byteLength; ) {
    const end = at + 4 + extra.getUint16(at + 2, true);
    if (extra.getUint16(at, true) === 1) {
      let field = at + 4;
      plain.forEach((value, index) => {
        if (value !== 0xffffffff) return;
        if (field + 8 > Math.min(end, extra.byteLength))
          throw new FileError(`${path}: the zip directory is damaged.`);
        wide[index] = safe(extra.getBigUint64(field, true), path);
        field += 8;
      });
      return wide;
    }
    at = end;
  }
  return wide;
}

function parseRecord(view: DataView, at: number, path: string): { record: ZipRecord; next: number } {
  if (at + 46 > view.byteLength || view.getUint32(at, true) !== 0x02014b50)
    throw new FileError(`${path}: the zip directory is damaged.`);
  const nameEnd = at + 46 + view.getUint16(at + 28, true);
  const extraEnd = nameEnd + view.getUint16(at + 30, true);
  const next = extraEnd + view.getUint16(at + 32, true);
  if (next > view.byteLength) throw new FileError(`${path}: the zip directory is damaged.`);
  const bytesOf = (from: number, to: number) =>
    new Uint8Array(view.buffer, view.byteOffset + from, to - from);
  const name = new TextDecoder().decode(bytesOf(at + 46, nameEnd));
  const plain = [
    view.getUint32(at + 24, true),
    view.getUint32(at + 20, true),
    view.getUint32(at + 42, true),
  ] as const;
  const [bytes, compressedBytes, offset] = widen(viewOf(bytesOf(nameEnd, extraEnd)), plain, path);
  const method = view.getUint16(at + 10, true);
  const where = `${path}: entry ${showValue(name)}`;
  if (view.getUint16(at + 8, true) & 1) throw new FileError(`${where} is encrypted.`);
  if (method !== 0 && method !== 8)
    throw new FileError(
      `${where} uses compression method ${method}; stored (0) and deflated (8) can be read.`,
    );
  if (method === 0 ? bytes !== compressedBytes : bytes > compressedBytes * MAX_RATIO)
    throw new FileError(`${where} claims that ${compressedBytes} bytes hold ${bytes}; it is damaged.`);
  const crc = view.getUint32(at + 16, true);
  const nameBytes = nameEnd - at - 46;
  const kind = method === 0 ? "stored" : "deflated";
  return { record: { name, method: kind, crc, compressedBytes, bytes, offset, nameBytes }, next };
}

/** Of a local header without its name. */
export const LOCAL_HEADER_BYTES = 30;

/**
 * Entries with their ends, in the order of the directory. Entries that share bytes would let a small file hold any amount of data:
 * each must end before the next begins, so that a file inflates to at most `MAX_RATIO` times its size.
 */
function withEnds(
  records: readonly ZipRecord[],
  { path, directoryStart }: { readonly path: string; readonly directoryStart: number },
): readonly ZipEntry[] {
  const entries = new Map<ZipRecord, ZipEntry>();
  let next: ZipRecord | undefined;
  for (const record of [...records].sort((a, b) => b.offset - a.offset)) {
    const end = next?.offset ?? directoryStart;
    if (next && record.offset + LOCAL_HEADER_BYTES + record.nameBytes + record.compressedBytes > end)
      throw new FileError(
        `${path}: entries ${showValue(record.name)} and ${showValue(next.name)} share bytes of the file; it is damaged.`,
      );
    entries.set(record, { ...record, end });
    next = record;
  }
  const total = records.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total > MAX_TOTAL_BYTES)
    throw new FileError(
      `${path}: the zip directory claims ${total} bytes in all; at most ${MAX_TOTAL_BYTES} are allowed.`,
    );
  return records.map((record) => needed(entries.get(record), "entry of a record"));
}

/** Reads the directory of the zip file behind `handle`. */
export async function openZip(handle: FileHandle, path: string): Promise<ZipFile> {
  const stat = await handle.stat();
  if (!stat.isFile()) throw new FileError(`${path} is not a regular file.`);
  const beginning = Math.min(stat.size, LFS_BEGINNING_BYTES);
  refuseLfsPointer(await readExactly(handle, { path, offset: 0, length: beginning }), path);
  const { start, bytes, count } = await findDirectory(handle, path, stat.size);
  if (bytes > MAX_DIRECTORY_BYTES)
    throw new FileError(
      `${path}: the zip directory claims ${bytes} bytes; at most ${MAX_DIRECTORY_BYTES} are allowed.`,
    );
  if (count > MAX_ENTRIES)
    throw new FileError(
      `${path}: the zip directory claims ${count} entries; at most ${MAX_ENTRIES} are allowed.`,
    );
  if (start + bytes > stat.size) throw new FileError(`${path}: the zip directory lies outside the file.`);
  const view = viewOf(await readExactly(handle, { path, offset: start, length: bytes }));
  const records: ZipRecord[] = [];
  const names = new Set<string>();
  for (let at = 0; records.length < count; ) {
    const { record, next } = parseRecord(view, at, path);
    if (names.has(record.name))
      throw new FileError(`${path}: entry ${showValue(record.name)} is there twice.`);
    names.add(record.name);
    records.push(record);
    at = next;
  }
  return { handle, path, entries: withEnds(records, { path, directoryStart: start }) };
}
