/** A run's checkpoint in one file: trainable parameters, their moments, the best epoch's parameters, and the position of training. */

import { z } from "zod";
import { FileError } from "../errors.ts";
import { exists } from "../files/exists.ts";
import { parseJson } from "../files/read-json.ts";
import { readSafetensors, readTensor, writeSafetensors } from "../formats/safetensors.ts";
import { sizeOf, type Tensor } from "../formats/tensor.ts";
import type { Trainable } from "../methods/method.ts";
import type { Moments, OptimizerState } from "../train/adamw.ts";
import type { FitPosition } from "../train/fit-events.ts";

const count = z.int().min(0);
const sample = z.object({ logits: z.array(z.number()), labels: z.array(count) });
const scores = z.object({ top1: z.number(), loss: z.number(), sample: sample.optional() });

const positionSchema = z.object({
  /** The current epoch, from 0, and its completed optimizer steps. */
  epoch: count,
  stepInEpoch: count,
  /** Optimizer steps since the start of training. */
  step: count,
  /** Sums over the current epoch. */
  lossSum: z.number(),
  correct: count,
  seen: count,
  best: z
    .object({
      ...{ epoch: z.int().min(-1), top1: z.number(), loss: z.number() },
      ...{ highest: z.number().optional(), floor: z.number().default(0) },
    })
    .transform((best) => ({ ...best, highest: best.highest ?? best.top1 }))
    .optional(),
  cv: z
    .object({
      ...{ fold: count, steps: count, probes: z.array(scores), finished: z.array(z.array(scores)) },
      current: z.array(scores),
    })
    .optional(),
  lines: count,
  seconds: z.number(),
  finished: z.boolean(),
});

/** The position of a run. Randomness needs no state: it is sampled by seed and position. */
export interface Position extends FitPosition {
  /** Lines of metrics.jsonl that belong to this state. */
  readonly lines: number;
  readonly seconds: number;
}

export interface Checkpoint {
  readonly position: Position;
  readonly state: OptimizerState;
}

/** Writes the file atomically: a killed run keeps its previous state. */
export async function writeCheckpoint(path: string, { position, state }: Checkpoint): Promise<void> {
  const tensors = new Map<string, Tensor>();
  for (const [name, { parameter, first, second, start, average }] of state) {
    const parts = { parameter, first, second, ...(start && { start }), ...(average && { average }) };
    for (const [part, data] of Object.entries(parts))
      tensors.set(`${part}/${name}`, { shape: [data.length], data });
  }
  await writeSafetensors(path, tensors, { position: JSON.stringify(position) });
}

/** Reads the state of these trainables; `undefined` where there is no file. */
export async function readCheckpoint(
  path: string,
  trainables: readonly Trainable[],
): Promise<Checkpoint | undefined> {
  if (!(await exists(path))) return undefined;
  const file = await readSafetensors(path);
  const position = parsePosition(file.metadata.get("position"), path);
  const state = new Map<string, Moments>();
  for (const { name, shape } of trainables) {
    const length = sizeOf(shape);
    const part = async (which: string) => {
      const key = `${which}/${name}`;
      const entry = file.tensors.get(key);
      // Asked before reading: a damaged file may hold gigabytes under this name.
      if (entry && sizeOf(entry.shape) !== length)
        throw new FileError(
          `${path}: "${key}" has ${sizeOf(entry.shape)} numbers; this run needs ${length}.`,
        );
      return (await readTensor(file, key)).data;
    };
    state.set(name, {
      parameter: await part("parameter"),
      first: await part("first"),
      second: await part("second"),
      ...(file.tensors.has(`start/${name}`) && { start: await part("start") }),
      ...(file.tensors.has(`average/${name}`) && { average: await part("average") }),
    });
  }
  return { position, state };
}

/** The position of the run, from the file's metadata. */
export function parsePosition(text: string | undefined, path: string): Position {
  try {
    return positionSchema.parse(parseJson(text ?? "", path));
  } catch (cause) {
    throw new FileError(
      `${path} is not a checkpoint of rlrr, or is damaged. Remove it to start the run again.`,
      { cause },
    );
  }
}
