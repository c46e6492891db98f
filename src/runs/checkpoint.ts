/** The state of a run in one file: trained numbers, their moments, the best so far, and where the run stands. */

import { z } from "zod";
import { FileError } from "../errors.ts";
import { exists } from "../files/exists.ts";
import { parseJson } from "../files/read-json.ts";
import { readSafetensors, readTensor, writeSafetensors } from "../formats/safetensors.ts";
import { sizeOf, type Tensor } from "../formats/tensor.ts";
import type { Trainable } from "../methods/method.ts";
import type { Moments, OptimizerState } from "../train/adamw.ts";

const count = z.int().min(0);

const positionSchema = z.object({
  /** The epoch under way, from 0, and the optimizer steps of it that are done. */
  epoch: count,
  stepInEpoch: count,
  /** Optimizer steps since the beginning. */
  step: count,
  /** Sums over the epoch under way. */
  lossSum: z.number(),
  correct: count,
  seen: count,
  best: z.object({ epoch: z.int().min(-1), top1: z.number(), loss: z.number() }).optional(),
  /** Lines of metrics.jsonl that belong to this state. */
  lines: count,
  seconds: z.number(),
  finished: z.boolean(),
});

/** Where a run stands; randomness needs no state, being drawn by seed and place. */
export type Position = z.output<typeof positionSchema>;

export interface Checkpoint {
  readonly position: Position;
  readonly state: OptimizerState;
}

/** Writes the file aside, then renames: a killed run keeps the state before. */
export async function writeCheckpoint(path: string, { position, state }: Checkpoint): Promise<void> {
  const tensors = new Map<string, Tensor>();
  for (const [name, { parameter, first, second }] of state) {
    const parts = { parameter, first, second };
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
    });
  }
  return { position, state };
}

/** Where the run stands, from the text that the file carries. */
export function parsePosition(text: string | undefined, path: string): Position {
  try {
    return positionSchema.parse(parseJson(text ?? "", path));
  } catch (cause) {
    throw new FileError(
      `${path} is not a checkpoint of this program, or it is damaged. Remove it to begin its run anew.`,
      { cause },
    );
  }
}
