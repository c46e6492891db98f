/** Reads the records of a prepared data set: dataset_info.json says how many lie in which file. */

import { join } from "node:path";
import { z } from "zod";
import { FileError } from "../../src/errors.ts";
import { readJson } from "../../src/files/read-json.ts";
import type { PreparedTask } from "./prepared-tasks.ts";
import type { OrderedSplit, Original } from "./task.ts";
import { readExample } from "./tf-example.ts";
import { type TfRecordPlace, tfRecordPlaces } from "./tf-record.ts";

interface Shard {
  readonly path: string;
  /** The number of its first record. */
  readonly from: number;
  readonly length: number;
}

/** Integers of 64 bits are text in their JSON. */
const count = z
  .union([
    z.int(),
    z
      .string()
      .regex(/^\d{1,10}$/)
      .transform(Number),
  ])
  .pipe(z.int().nonnegative());
const infoSchema = z.object({
  fileFormat: z.string().default("tfrecord"),
  splits: z.array(z.object({ name: z.string(), shardLengths: z.array(count).max(100_000) })).max(1_000),
});

export async function readPreparedSplits(
  folder: string,
  { row, splits }: { readonly row: PreparedTask; readonly splits: readonly string[] },
): Promise<Readonly<Record<string, OrderedSplit>>> {
  const path = join(folder, "dataset_info.json");
  const parsed = infoSchema.safeParse(await readJson(path));
  if (!parsed.success)
    throw new FileError(
      `${path}: ${parsed.error.issues[0]?.path.join(".") || "the content"} is not as TensorFlow Datasets writes it (${parsed.error.issues[0]?.message}). Prepare the data set again.`,
    );
  const { fileFormat, splits: found } = parsed.data;
  if (fileFormat !== "tfrecord")
    throw new FileError(
      `${path}: the records are in the format ${fileFormat}; tfrecord is read. Prepare the data set with it.`,
    );
  const open = (name: string): OrderedSplit => {
    const split = found.find((one) => one.name === name);
    if (split) return openSplit(shardsOf(join(folder, `${row.dataset}-${name}`), split.shardLengths), row);
    const names = found.map((one) => one.name).join(", ") || "none";
    throw new FileError(
      `${path}: there is no split ${name}, but ${names}. Prepare the data set again, whole.`,
    );
  };
  return Object.fromEntries(splits.map((name) => [name, open(name)]));
}

const fiveDigits = (number: number): string => String(number).padStart(5, "0");

function shardsOf(start: string, lengths: readonly number[]): readonly Shard[] {
  let from = 0;
  return lengths.map((length, index) => {
    const path = `${start}.tfrecord-${fiveDigits(index)}-of-${fiveDigits(lengths.length)}`;
    const shard = { path, from, length };
    from += length;
    return shard;
  });
}

function openSplit(shards: readonly Shard[], row: PreparedTask): OrderedSplit {
  const length = shards.reduce((sum, shard) => sum + shard.length, 0);
  return {
    length,
    slice: async (from, to = length) => {
      const originals: Original[] = [];
      for (const shard of shards) {
        if (shard.from >= to || shard.from + shard.length <= from) continue;
        const places = await placesIn(shard);
        for (let at = Math.max(from, shard.from); at < Math.min(to, shard.from + shard.length); at++)
          originals.push(await openRecord(places[at - shard.from] as TfRecordPlace, { key: at, row }));
      }
      return originals;
    },
  };
}

async function placesIn({ path, length }: Shard): Promise<readonly TfRecordPlace[]> {
  const places = await tfRecordPlaces(path);
  if (places.length === length) return places;
  throw new FileError(
    `${path} has ${places.length.toLocaleString("en")} records; by dataset_info.json it has ${length.toLocaleString("en")}. Prepare the data set again.`,
  );
}

/** The label is read now, the image when it is asked for. */
async function openRecord(
  place: TfRecordPlace,
  { key, row }: { readonly key: number; readonly row: PreparedTask },
): Promise<Original> {
  const label = row.label(await readExample(place));
  return { key, label, image: async () => row.image(await readExample(place)) };
}
