/** The bytes of one entry of a zip file, in chunks. Format: PKWARE's APPNOTE 6.3.10. */

import { Inflate } from "fflate";
import { FileError } from "../errors.ts";
import { readExactly } from "../files/read-file.ts";
import { showValue } from "../files/show-value.ts";
import { crc32 } from "./crc32.ts";
import { LOCAL_HEADER_BYTES, viewOf, type ZipEntry, type ZipFile } from "./zip-directory.ts";

/** Compressed bytes are fed in chunks small enough that even the densest inflate to a bounded 64 MB. */
export const FEED_BYTES = 64 * 1024;

/** Where the data of an entry begins: behind its local header, whose extra field may differ from the directory's. */
async function dataStart({ handle, path }: ZipFile, entry: ZipEntry): Promise<number> {
  const where = `${path}: entry ${showValue(entry.name)}`;
  if (entry.offset + LOCAL_HEADER_BYTES > entry.end)
    throw new FileError(`${where} lies outside the file, or reaches into the next entry.`);
  const header = viewOf(
    await readExactly(handle, { path, offset: entry.offset, length: LOCAL_HEADER_BYTES }),
  );
  if (header.getUint32(0, true) !== 0x04034b50)
    throw new FileError(`${where} has no local header; it is damaged.`);
  const start = entry.offset + LOCAL_HEADER_BYTES + header.getUint16(26, true) + header.getUint16(28, true);
  if (start + entry.compressedBytes > entry.end)
    throw new FileError(`${where} lies outside the file, or reaches into the next entry.`);
  return start;
}

async function* rawBytes(zip: ZipFile, entry: ZipEntry, feedBytes: number): AsyncGenerator<Uint8Array> {
  const start = await dataStart(zip, entry);
  for (let done = 0; done < entry.compressedBytes; done += feedBytes) {
    const length = Math.min(feedBytes, entry.compressedBytes - done);
    yield await readExactly(zip.handle, { path: zip.path, offset: start + done, length });
  }
}

async function* inflated(zip: ZipFile, entry: ZipEntry, feedBytes: number): AsyncGenerator<Uint8Array> {
  let ready: Uint8Array[] = [];
  const inflate = new Inflate((bytes) => ready.push(bytes));
  let fed = 0;
  for await (const bytes of rawBytes(zip, entry, feedBytes)) {
    fed += bytes.length;
    try {
      inflate.push(bytes, fed === entry.compressedBytes);
    } catch (cause) {
      throw new FileError(`${zip.path}: entry ${showValue(entry.name)} cannot be inflated; it is damaged.`, {
        cause,
      });
    }
    yield* ready;
    ready = [];
  }
}

/**
 * The bytes of an entry in chunks; size and checksum are checked at the end. For the beginning alone, a smaller
 * `feedBytes` reads and inflates less.
 */
export async function* zipEntryBytes(
  zip: ZipFile,
  entry: ZipEntry,
  { feedBytes = FEED_BYTES }: { readonly feedBytes?: number } = {},
): AsyncGenerator<Uint8Array> {
  const where = `${zip.path}: entry ${showValue(entry.name)}`;
  let count = 0;
  let crc = 0;
  const source = entry.method === "stored" ? rawBytes : inflated;
  for await (const bytes of source(zip, entry, feedBytes)) {
    count += bytes.length;
    if (count > entry.bytes)
      throw new FileError(`${where} is longer than the ${entry.bytes} bytes it claims.`);
    crc = crc32(bytes, crc);
    yield bytes;
  }
  if (count < entry.bytes) throw new FileError(`${where} has ${count} bytes, it claims ${entry.bytes}.`);
  if (crc !== entry.crc)
    throw new FileError(`${where} fails its checksum; it is damaged. Get the file again.`);
}
