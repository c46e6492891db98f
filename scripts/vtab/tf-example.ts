/** TensorFlow's `Example`: named lists of bytes, floats or integers (tensorflow/core/example/{example,feature}.proto). */

import { FileError } from "../../src/errors.ts";
import { fieldsOf, varintsOf, type WireField, type WireMessage } from "./protobuf-fields.ts";
import { readTfRecord, showPlace, type TfRecord, type TfRecordPlace } from "./tf-record.ts";

export type TfFeature =
  | { readonly kind: "bytes"; readonly values: readonly Uint8Array[] }
  | { readonly kind: "floats"; readonly values: readonly number[] }
  | { readonly kind: "integers"; readonly values: readonly bigint[] };

export interface TfExample {
  /** Begins the messages of errors. */
  readonly where: string;
  readonly features: ReadonlyMap<string, TfFeature>;
}

/** All features; values of bytes are views of `bytes`. A feature without a list is left out, as TensorFlow does. */
export function parseTfExample({ bytes, where }: WireMessage): TfExample {
  const features = new Map<string, TfFeature>();
  for (const all of messagesIn({ bytes, where }, 1))
    for (const entry of messagesIn({ bytes: all, where }, 1)) {
      const name = Buffer.from(messagesIn({ bytes: entry, where }, 1).at(-1) ?? []).toString();
      const feature = messagesIn({ bytes: entry, where }, 2).at(-1) ?? new Uint8Array();
      const list = listIn({ bytes: feature, where: `${where}: the feature ${JSON.stringify(name)}` });
      if (list) features.set(name, list);
    }
  return { where, features };
}

export const exampleOf = ({ place, data }: TfRecord): TfExample =>
  parseTfExample({ bytes: data, where: showPlace(place) });

export const readExample = async (place: TfRecordPlace): Promise<TfExample> =>
  exampleOf({ place, data: await readTfRecord(place) });

/** The one value of a feature of bytes. */
export const bytesOf = (example: TfExample, name: string): Uint8Array =>
  onlyOne(example, { name, values: listOf(example, { name, kind: "bytes" }) });

/** The one value of a feature of bytes that holds UTF-8 text. */
export const textOf = (example: TfExample, name: string): string =>
  Buffer.from(bytesOf(example, name)).toString();

/** The one value of a feature of integers, which must be below 2^53. */
export function integerOf(example: TfExample, name: string): number {
  const value = onlyOne(example, { name, values: listOf(example, { name, kind: "integers" }) });
  if (Number.isSafeInteger(Number(value))) return Number(value);
  throw new FileError(`${example.where}: the feature ${name} is ${value}, which is too large a number.`);
}

type Values<Kind> = Extract<TfFeature, { readonly kind: Kind }>["values"];

/** All values of a feature, which must be of this kind. */
export function listOf<Kind extends TfFeature["kind"]>(
  { where, features }: TfExample,
  { name, kind }: { readonly name: string; readonly kind: Kind },
): Values<Kind> {
  const feature = features.get(name);
  if (feature?.kind === kind) return feature.values as Values<Kind>;
  const found = feature
    ? `a list of ${feature.kind}`
    : `missing; there are ${[...features.keys()].sort().join(", ") || "none"}`;
  throw new FileError(
    `${where}: the feature ${name} is ${found}; a list of ${kind} was expected. The file holds something else; check what it is.`,
  );
}

function onlyOne<T>(
  { where }: TfExample,
  { name, values }: { readonly name: string; readonly values: readonly T[] },
): T {
  const [value] = values;
  if (value !== undefined && values.length === 1) return value;
  throw new FileError(
    `${where}: the feature ${name} has ${values.length} values; one was expected. The file holds something else; check what it is.`,
  );
}

function messagesIn(message: WireMessage, field: number): readonly Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const part of fieldsOf(message))
    if (part.field === field && part.kind === "bytes") found.push(part.value);
  return found;
}

/** The list that a feature holds: bytes are field 1, floats 2, integers 3. */
function listIn({ bytes, where }: WireMessage): TfFeature | undefined {
  let list: TfFeature | undefined;
  for (const { field, kind, value } of fieldsOf({ bytes, where })) {
    if (kind !== "bytes") continue;
    const message = { bytes: value, where };
    if (field === 1) list = { kind: "bytes", values: messagesIn(message, 1) };
    if (field === 2) list = { kind: "floats", values: flat(message, floatsIn) };
    if (field === 3) list = { kind: "integers", values: flat(message, (part) => integersIn(part, where)) };
  }
  return list;
}

const flat = <T>(message: WireMessage, valuesIn: (part: WireField) => readonly T[]): readonly T[] =>
  [...fieldsOf(message)].filter(({ field }) => field === 1).flatMap(valuesIn);

/** Packed in one field, or a field for each. */
function floatsIn({ kind, value }: WireField): readonly number[] {
  if (kind !== "bytes" && kind !== "fixed32") return [];
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  return Array.from({ length: Math.floor(value.length / 4) }, (_, index) => view.getFloat32(4 * index, true));
}

function integersIn({ kind, value }: WireField, where: string): readonly bigint[] {
  if (kind === "varint") return [BigInt.asIntN(64, value)];
  if (kind !== "bytes") return [];
  return Array.from(varintsOf({ bytes: value, where }), (integer) => BigInt.asIntN(64, integer));
}
