/** Which images an adapter was trained on and which validated it, told by their contents, so that copies and new names change nothing. */

import { z } from "zod";
import { FileError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";

/** The first 8 bytes of the SHA-256 of each file's bytes, as numbers, ascending, each once. */
export interface TrainedImages {
  readonly trained: BigUint64Array;
  /** Those that no training image has the content of. */
  readonly validated: BigUint64Array;
}

/** What an adapter did with an image while it was trained. */
export type ImageUse = "trained" | "validated" | "new";

const { value: mostImages } = limits.MAX_RECORDED_IMAGES;
const formatVersion = 1;
/** Among two million images, the chance that any two differ and yet share 8 bytes is 1 in ten million. */
const prefixBytes = 8;

/** From the whole hashes, in base64; nothing where there are more than an adapter's folder should hold. */
export function recordImages({
  train,
  validation,
}: {
  readonly train: readonly string[];
  readonly validation: readonly string[];
}): TrainedImages | undefined {
  if (train.length + validation.length > mostImages) return undefined;
  const trained = sortedOnce(BigUint64Array.from(train, prefixOf));
  const validated = sortedOnce(BigUint64Array.from(validation, prefixOf));
  return { trained, validated: validated.filter((prefix) => !holds(trained, prefix)) };
}

/** Of a model that was trained on both, one after the other. */
export function joinImages(a: TrainedImages, b: TrainedImages): TrainedImages | undefined {
  const join = (one: BigUint64Array, other: BigUint64Array) =>
    sortedOnce(BigUint64Array.from([...one, ...other]));
  const trained = join(a.trained, b.trained);
  const validated = join(a.validated, b.validated).filter((prefix) => !holds(trained, prefix));
  return trained.length + validated.length > mostImages ? undefined : { trained, validated };
}

/** What was done with the image whose file has this SHA-256, in base64. */
export function useOf(hash: string, { trained, validated }: TrainedImages): ImageUse {
  const prefix = prefixOf(hash);
  return holds(trained, prefix) ? "trained" : holds(validated, prefix) ? "validated" : "new";
}

/** The text of the file. */
export const renderTrainedImages = ({ trained, validated }: TrainedImages): string =>
  `${JSON.stringify(
    {
      ...{ format_version: formatVersion, hash: "sha256", bytes: prefixBytes },
      ...{ train: encode(trained), validation: encode(validated) },
    },
    null,
    2,
  )}\n`;

const schema = z.looseObject({
  hash: z.literal("sha256"),
  bytes: z.literal(prefixBytes),
  train: z.base64(),
  validation: z.base64(),
});

/** Checks what the file at `where` holds. */
export function parseTrainedImages(value: unknown, where: string): TrainedImages {
  const version =
    value !== null && typeof value === "object" ? Reflect.get(value, "format_version") : undefined;
  if (version !== formatVersion)
    throw new FileError(
      `${where}: format_version is ${showValue(version)}; this version of rlrr reads ${formatVersion}.`,
    );
  const parsed = schema.safeParse(value);
  const [trained, validated] = parsed.success
    ? [decode(parsed.data.train), decode(parsed.data.validation)]
    : [];
  if (!trained || !validated || trained.length + validated.length > mostImages)
    throw new FileError(
      `${where} is damaged. Get it again, or remove it: then only which images were trained on is not known.`,
    );
  return { trained, validated };
}

const prefixOf = (hash: string): bigint => Buffer.from(hash, "base64").readBigUInt64BE(0);

function encode(prefixes: BigUint64Array): string {
  const bytes = Buffer.alloc(prefixBytes * prefixes.length);
  for (const [at, prefix] of prefixes.entries()) bytes.writeBigUInt64BE(prefix, prefixBytes * at);
  return bytes.toString("base64");
}

function decode(text: string): BigUint64Array | undefined {
  const bytes = Buffer.from(text, "base64");
  if (bytes.length % prefixBytes !== 0) return undefined;
  const prefixes = new BigUint64Array(bytes.length / prefixBytes);
  for (const at of prefixes.keys()) prefixes[at] = bytes.readBigUInt64BE(prefixBytes * at);
  return sortedOnce(prefixes);
}

const sortedOnce = (prefixes: BigUint64Array): BigUint64Array =>
  prefixes.sort().filter((prefix, at) => at === 0 || prefix !== prefixes[at - 1]);

/** Whether the ascending numbers hold one: by halves. */
function holds(ascending: BigUint64Array, wanted: bigint): boolean {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as bigint) < wanted) low = middle + 1;
    else high = middle;
  }
  return ascending[low] === wanted;
}
