/** The header of a safetensors file: 8 bytes of length, then JSON that names each tensor's type, shape and bytes. */

import { FileError } from "../errors.ts";
import { oversize } from "../files/read-json.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";
import { renderShape, type Shape, sizeOf } from "./tensor.ts";

/** Where a tensor lies in its file. */
export interface SafetensorsEntry {
  readonly dtype: string;
  readonly shape: Shape;
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly byteLength: number;
}

export interface SafetensorsHeader {
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
}

export const MAX_HEADER_BYTES = limits.MAX_HEADER_BYTES.value;
export const MAX_AXES = limits.MAX_AXES.value;

const dtypeBytes: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
};

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** The keys of the outermost object as written; `JSON.parse` would keep the last of two and say nothing. */
function* outerKeys(json: string): Generator<string> {
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") depth--;
    else if (character === '"') {
      const start = at;
      for (at++; json[at] !== '"'; at++) if (json[at] === "\\") at++;
      if (depth === 1 && /^\s*:/.test(json.slice(at + 1, at + 64)))
        yield JSON.parse(json.slice(start, at + 1)) as string;
    }
  }
}

function refuseDuplicates(json: string, where: string): void {
  const seen = new Set<string>();
  for (const key of outerKeys(json)) {
    if (seen.has(key)) throw new FileError(`${where}: the header names ${showValue(key)} twice.`);
    seen.add(key);
  }
}

function parseMetadata(value: unknown, where: string): ReadonlyMap<string, string> {
  if (value === undefined) return new Map();
  const isMap = value !== null && typeof value === "object" && !Array.isArray(value);
  if (!isMap || Object.values(value).some((item) => typeof item !== "string"))
    throw new FileError(`${where}: "__metadata__" must map names to strings, got ${showValue(value)}.`);
  return new Map(Object.entries(value));
}

interface Span {
  readonly name: string;
  readonly begin: number;
  readonly end: number;
}

function parseEntry(name: string, value: unknown, where: string): Omit<SafetensorsEntry, "offset"> & Span {
  const tensor = `${where}: tensor ${showValue(name)}`;
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw new FileError(`${tensor} must be described by an object, got ${showValue(value)}.`);
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>;
  const itemBytes =
    typeof dtype === "string" && Object.hasOwn(dtypeBytes, dtype) ? dtypeBytes[dtype] : undefined;
  if (typeof dtype !== "string" || itemBytes === undefined)
    throw new FileError(
      `${tensor} has dtype ${showValue(dtype)}; known are ${Object.keys(dtypeBytes).join(", ")}.`,
    );
  if (!Array.isArray(shape) || shape.length > MAX_AXES || !shape.every(isCount))
    throw new FileError(
      `${tensor} has shape ${showValue(shape)}; a list of at most ${MAX_AXES} whole numbers is needed.`,
    );
  const [begin, end, more] = Array.isArray(offsets) ? (offsets as readonly unknown[]) : [];
  if (!isCount(begin) || !isCount(end) || more !== undefined || end < begin)
    throw new FileError(`${tensor} has data_offsets ${showValue(offsets)}; [begin, end] in bytes is needed.`);
  const byteLength = sizeOf(shape) * itemBytes;
  if (byteLength !== end - begin)
    throw new FileError(
      `${tensor} has shape ${renderShape(shape)} of ${dtype}, ${byteLength} bytes, but data_offsets span ${end - begin}.`,
    );
  return { name, dtype, shape, byteLength, begin, end };
}

/** The format allows neither holes nor overlaps: sorted, each tensor begins where the last ended. */
function refuseGaps(spans: readonly Span[], dataBytes: number, where: string): void {
  let expected = 0;
  for (const { name, begin, end } of [...spans].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== expected)
      throw new FileError(
        `${where}: tensor ${showValue(name)} begins at byte ${begin} of the data, but the one before it ends at ${expected}.`,
      );
    expected = end;
  }
  if (expected > dataBytes)
    throw new FileError(
      `${where}: the header promises ${expected} bytes of data, the file has ${dataBytes}. It is cut short; get it again.`,
    );
  if (expected < dataBytes)
    throw new FileError(
      `${where}: the header describes ${expected} bytes of data, the file has ${dataBytes}.`,
    );
}

/** Checks the JSON of a header. `dataStart` and `fileBytes` are the file's own; `where` names it in messages. */
export function parseHeader(
  json: string,
  {
    where,
    dataStart,
    fileBytes,
  }: { readonly where: string; readonly dataStart: number; readonly fileBytes: number },
): SafetensorsHeader {
  const flaw = oversize(json);
  if (flaw !== undefined)
    throw new FileError(
      `${where}: the header is ${flaw}, so this is not a safetensors file, or it is damaged.`,
    );
  let header: unknown;
  try {
    header = JSON.parse(json);
  } catch (cause) {
    throw new FileError(
      `${where}: the header is not JSON, so this is not a safetensors file, or it is damaged.`,
      {
        cause,
      },
    );
  }
  if (header === null || typeof header !== "object" || Array.isArray(header))
    throw new FileError(`${where}: the header must be a JSON object, got ${showValue(header)}.`);
  refuseDuplicates(json, where);

  const entries = Object.entries(header).filter(([name]) => name !== "__metadata__");
  const metadata = parseMetadata((header as Record<string, unknown>).__metadata__, where);
  const parsed = entries.map(([name, value]) => parseEntry(name, value, where));
  refuseGaps(parsed, fileBytes - dataStart, where);
  const tensors = new Map(
    parsed.map(({ name, dtype, shape, byteLength, begin }) => [
      name,
      { dtype, shape, byteLength, offset: dataStart + begin },
    ]),
  );
  return { metadata, tensors };
}

/** The length and the JSON of a header for float32 tensors laid end to end, padded so that the data begins at a multiple of 8. */
export function renderHeader(
  shapes: ReadonlyMap<string, Shape>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: Record<string, unknown> = Object.create(null);
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  let begin = 0;
  for (const [name, shape] of shapes) {
    const end = begin + sizeOf(shape) * 4;
    header[name] = { dtype: "F32", shape, data_offsets: [begin, end] };
    begin = end;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = Buffer.alloc(8 + padded, " ");
  bytes.writeBigUInt64LE(BigInt(padded), 0);
  json.copy(bytes, 8);
  return bytes;
}
