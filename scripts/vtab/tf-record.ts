/** TFRecord files: a length, its checksum, the data, its checksum, and so on (tensorflow/core/lib/io/record_reader.cc). */

import { FileError } from "../../src/errors.ts";
import { readExactly, withFile } from "../../src/files/read-file.ts";
import { maskedCrc32c } from "../../src/formats/crc32.ts";

/** Where the data of one record lies. */
export interface TfRecordPlace {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

export interface TfRecord {
  readonly place: TfRecordPlace;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Eight bytes of length and four of its checksum. */
const headBytes = 12;
const checksumBytes = 4;
/** A record is one example: the largest of VTAB's have a few megabytes. */
const maxRecordBytes = 2 ** 28;

/** Passes every record to `use`, in the file's order, one at a time; both checksums are checked. */
export const eachTfRecord = (path: string, use: (record: TfRecord) => void): Promise<void> =>
  withFile(path, async (handle) => {
    const { size } = await handle.stat();
    for (let at = 0; at < size; ) {
      const head = await readExactly(handle, { path, offset: at, length: headBytes });
      const place = { path, offset: at + headBytes, length: lengthIn(head, { path, at, size }) };
      const length = place.length + checksumBytes;
      use({ place, data: checked(await readExactly(handle, { ...place, length }), place) });
      at = place.offset + length;
    }
  });

/** Heads are read by the page: several at once where records are small. */
const pageBytes = 4096;

/** Where every record lies, in the file's order; the checksums of lengths alone are checked, and no data is read. */
export const tfRecordPlaces = (path: string): Promise<readonly TfRecordPlace[]> =>
  withFile(path, async (handle) => {
    const { size } = await handle.stat();
    const places: TfRecordPlace[] = [];
    let page = { from: 0, bytes: new Uint8Array() };
    for (let at = 0; at < size; ) {
      if (at + headBytes > page.from + page.bytes.length) {
        const length = Math.max(headBytes, Math.min(pageBytes, size - at));
        page = { from: at, bytes: await readExactly(handle, { path, offset: at, length }) };
      }
      const head = page.bytes.slice(at - page.from, at - page.from + headBytes);
      const place = { path, offset: at + headBytes, length: lengthIn(head, { path, at, size }) };
      places.push(place);
      at = place.offset + place.length + checksumBytes;
    }
    return places;
  });

/** The data of a record that was met before. */
export const readTfRecord = (place: TfRecordPlace): Promise<Uint8Array<ArrayBuffer>> =>
  withFile(place.path, async (handle) =>
    checked(await readExactly(handle, { ...place, length: place.length + checksumBytes }), place),
  );

/** How messages name a record. */
export const showPlace = ({ path, offset }: TfRecordPlace): string => `${path}: the record at byte ${offset}`;

interface HeadPlace {
  readonly path: string;
  readonly at: number;
  readonly size: number;
}

function lengthIn(head: Uint8Array<ArrayBuffer>, { path, at, size }: HeadPlace): number {
  const view = new DataView(head.buffer);
  if (view.getUint32(8, true) !== maskedCrc32c(head.subarray(0, 8)))
    throw new FileError(
      `${path}: at byte ${at}, the length of a record does not match its checksum. The file is damaged or no TFRecord file; get it again.`,
    );
  const length = view.getBigUint64(0, true);
  const left = size - at - headBytes - checksumBytes;
  if (length > left)
    throw new FileError(
      `${path}: the record at byte ${at + headBytes} should have ${length} bytes, the file has ${Math.max(left, 0)} more. It is cut short; get it again.`,
    );
  if (length > maxRecordBytes)
    throw new FileError(
      `${path}: the record at byte ${at + headBytes} has ${length} bytes; ${maxRecordBytes} at most are read. It is no example of VTAB; get the file again.`,
    );
  return Number(length);
}

/** The data without the checksum that follows it. */
function checked(bytes: Uint8Array<ArrayBuffer>, place: TfRecordPlace): Uint8Array<ArrayBuffer> {
  const data = bytes.subarray(0, place.length);
  if (new DataView(bytes.buffer).getUint32(place.length, true) !== maskedCrc32c(data))
    throw new FileError(
      `${showPlace(place)} does not match its checksum. The file is damaged; get it again.`,
    );
  return data;
}
