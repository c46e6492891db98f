/** Reads numeric arrays of MATLAB's level-5 MAT-files. Format: https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf. */

import type { FileHandle } from "node:fs/promises";
import { FileError } from "../../src/errors.ts";
import { readExactly, withFile } from "../../src/files/read-file.ts";
import { showValue } from "../../src/files/show-value.ts";
import { type ByteStream, type FilePart, withBytes } from "./byte-stream.ts";

export type MatValues =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

/** Column-major: the first index runs fastest. */
export interface MatArray {
  readonly dims: readonly number[];
  /** Of the type that is stored, which may be narrower than the array's class. */
  readonly values: MatValues;
}

const HEADER_BYTES = 128;
const TAG_BYTES = 8;
const MATRIX = 14;
const COMPRESSED = 15;
const COMPLEX = 0x08;
/** The largest array of the originals has 225 MB. */
const MAX_ARRAY_BYTES = 1 << 30;
/** Of flags, dimensions and names, which MATLAB keeps to 63 characters. */
const MAX_PART_BYTES = 1024;

const numberTypes = new Map<number, { new (buffer: ArrayBuffer): MatValues; BYTES_PER_ELEMENT: number }>([
  [1, Int8Array],
  [2, Uint8Array],
  [3, Int16Array],
  [4, Uint16Array],
  [5, Int32Array],
  [6, Uint32Array],
  [7, Float32Array],
  [9, Float64Array],
]);

/** The arrays of these names; others are passed over. A name that the file lacks is a `FileError`. */
export const readMatFile = <Name extends string>(
  path: string,
  names: readonly Name[],
): Promise<Readonly<Record<Name, MatArray>>> =>
  withFile(path, async (handle) => {
    const found = new Map<string, MatArray | undefined>();
    for await (const part of matrices(handle, path)) {
      const { name, array } = await withBytes(handle, part, (bytes) => readMatrix(bytes, { path, names }));
      found.set(name, array);
    }
    const missing = names.find((name) => found.get(name) === undefined);
    if (missing !== undefined)
      throw new FileError(
        `${path} has no array ${showValue(missing)}, but ${showValue([...found.keys()])}. Download it again.`,
      );
    return Object.fromEntries(found) as Record<Name, MatArray>;
  });

/** Where each array lies in the file, beginning with its own tag. */
async function* matrices(handle: FileHandle, path: string): AsyncGenerator<FilePart> {
  const { size: fileBytes } = await handle.stat();
  if (fileBytes < HEADER_BYTES) throw notLevel5(path);
  checkHeader(await readExactly(handle, { path, offset: 0, length: HEADER_BYTES }), path);
  for (let offset = HEADER_BYTES; offset < fileBytes; ) {
    const { type, bytes } = parseTag(await readExactly(handle, { path, offset, length: TAG_BYTES }));
    const from = offset + TAG_BYTES;
    const to = from + bytes;
    if (to > fileBytes)
      throw new FileError(
        `${path} has ${fileBytes} bytes, ${to} are needed. It is cut short; download it again.`,
      );
    if (type === MATRIX) yield { path, from: offset, to };
    if (type === COMPRESSED) yield { path, from, to, compression: "zlib" };
    // Whole and halves of 8 bytes alone; what is compressed ends anywhere.
    offset = type === COMPRESSED ? to : to + paddingOf(bytes);
  }
}

function checkHeader(header: Uint8Array, path: string): void {
  const text = Buffer.from(header.subarray(0, 116)).toString("latin1");
  const [version = 0, order] = [header[125], Buffer.from(header.subarray(126)).toString("latin1")];
  if (text.startsWith("MATLAB 7.3") || text.startsWith("\x89HDF"))
    throw new FileError(`${path} is of MATLAB 7.3; the original is of level 5. Download it again.`);
  if (order !== "IM" || version !== 1) throw notLevel5(path);
}

const notLevel5 = (path: string): FileError =>
  new FileError(`${path} is no MATLAB file of level 5, little-endian. Download it again.`);

interface Tag {
  readonly type: number;
  readonly bytes: number;
  /** What has at most 4 bytes lies in the tag itself. */
  readonly inline?: Uint8Array<ArrayBuffer>;
}

function parseTag(tag: Uint8Array<ArrayBuffer>): Tag {
  const view = new DataView(tag.buffer);
  const inlineBytes = view.getUint16(2, true);
  return inlineBytes === 0
    ? { type: view.getUint32(0, true), bytes: view.getUint32(4, true) }
    : { type: view.getUint16(0, true), bytes: inlineBytes, inline: tag.slice(4, 4 + inlineBytes) };
}

const paddingOf = (bytes: number): number => -bytes & 7;

interface Wanted {
  readonly path: string;
  readonly names: readonly string[];
}

/** Flags, dimensions, name, numbers: each with a tag of its own. */
async function readMatrix(
  bytes: ByteStream,
  { path, names }: Wanted,
): Promise<{ readonly name: string; readonly array?: MatArray }> {
  const outer = parseTag(await bytes.take(TAG_BYTES));
  if (outer.type !== MATRIX) throw damaged(path, `there is an element of type ${outer.type} for an array`);
  const flags = await takeSmall(bytes, path);
  const dims = Array.from(new Int32Array(wholeWords(await takeSmall(bytes, path), path)));
  const name = Buffer.from(await takeSmall(bytes, path)).toString("latin1");
  if (!names.includes(name)) return { name };
  const where = `${path}: array ${showValue(name)}`;
  // Classes 6 to 15 are double to uint64; cells, structures, text and sparse arrays are below.
  const [kind = 0, bits = 0] = flags;
  if (kind < 6 || kind > 15 || bits & COMPLEX)
    throw new FileError(`${where} is of class ${kind}, and no array of real numbers. Download it again.`);
  const values = await takeValues(bytes, { where, dims });
  await bytes.end();
  return { name, array: { dims, values } };
}

async function takeSmall(bytes: ByteStream, path: string): Promise<Uint8Array<ArrayBuffer>> {
  const tag = parseTag(await bytes.take(TAG_BYTES));
  if (tag.bytes > MAX_PART_BYTES)
    throw damaged(path, `flags, dimensions or name have ${tag.bytes} bytes, more than ${MAX_PART_BYTES}`);
  return takeBody(bytes, tag);
}

async function takeBody(bytes: ByteStream, tag: Tag): Promise<Uint8Array<ArrayBuffer>> {
  if (tag.inline !== undefined) return tag.inline;
  const body = await bytes.take(tag.bytes);
  await bytes.skip(paddingOf(tag.bytes));
  return body;
}

async function takeValues(
  bytes: ByteStream,
  { where, dims }: { readonly where: string; readonly dims: readonly number[] },
): Promise<MatValues> {
  const tag = parseTag(await bytes.take(TAG_BYTES));
  const Numbers = numberTypes.get(tag.type);
  if (Numbers === undefined)
    throw damaged(where, `its numbers are of type ${tag.type}, which is not known here`);
  const count = dims.reduce((product, dim) => product * dim, 1);
  if (dims.some((dim) => dim < 0) || tag.bytes !== count * Numbers.BYTES_PER_ELEMENT)
    throw damaged(where, `its ${tag.bytes} bytes are no array of shape [${dims.join(", ")}]`);
  if (tag.bytes > MAX_ARRAY_BYTES)
    throw damaged(where, `it has ${tag.bytes} bytes; at most ${MAX_ARRAY_BYTES} are allowed`);
  return new Numbers((await takeBody(bytes, tag)).buffer);
}

function wholeWords(bytes: Uint8Array<ArrayBuffer>, path: string): ArrayBuffer {
  if (bytes.length % 4 !== 0) throw damaged(path, `dimensions have ${bytes.length} bytes`);
  return bytes.buffer;
}

const damaged = (where: string, what: string): FileError =>
  new FileError(`${where}: ${what}. Download it again.`);
