import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { mutate } from "../../test/mutations.ts";
import { randomNumbers } from "../../test/random-numbers.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { FileError, RlrrError } from "../errors.ts";
import { readSafetensors, writeSafetensors } from "../formats/safetensors.ts";
import type { Trainable } from "../methods/method.ts";
import { type Checkpoint, type Position, readCheckpoint, writeCheckpoint } from "./checkpoint.ts";

const folder = temporaryFolder("checkpoint");
const path = join(folder, "checkpoint.safetensors");
const trainable = (name: string, shape: number[]): Trainable => ({
  ...{ name, shape, decay: true },
  start: () => new Float32Array(),
});
const trainables = [trainable("blocks.0.q.left", [1, 4]), trainable("head.bias", [3])];
const moments = (count: number, seed: number) => ({
  parameter: randomNumbers(count, { seed }),
  first: randomNumbers(count, { seed: seed + 1 }),
  second: randomNumbers(count, { seed: seed + 2 }),
});
const position: Position = {
  ...{ epoch: 2, stepInEpoch: 1, step: 7, lossSum: 1 / 3, correct: 5, seen: 8 },
  ...{
    best: { epoch: 1, top1: 62.5, loss: 0.7, highest: 62.5, floor: 50 },
    lines: 9,
    seconds: 1.25,
    finished: false,
  },
};
const checkpoint: Checkpoint = {
  position,
  state: new Map([
    ["blocks.0.q.left", moments(4, 1)],
    ["head.bias", moments(3, 4)],
  ]),
};

describe("checkpoint", () => {
  it("reads back every bit, and leaves one file", async () => {
    await writeCheckpoint(path, checkpoint);
    expect(await readCheckpoint(path, trainables)).toEqual(checkpoint);
    expect(readdirSync(folder)).toEqual(["checkpoint.safetensors"]);
  });

  it("replaces an older one, whose best epoch is not kept", async () => {
    const { best: _, ...begun } = position;
    await writeCheckpoint(path, { ...checkpoint, position: begun });
    expect((await readCheckpoint(path, trainables))?.position).toEqual(begun);
    await writeCheckpoint(path, checkpoint);
  });

  it("is undefined where there is no file", async () => {
    expect(await readCheckpoint(join(folder, "none"), trainables)).toBeUndefined();
  });

  it.each<[string, Trainable, string]>([
    [
      "a tensor that it lacks",
      trainable("blocks.0.k.left", [1, 4]),
      'there is no tensor "parameter/blocks.0.k.left".',
    ],
    ["another size", trainable("head.bias", [5]), '"parameter/head.bias" has 3 numbers; this run needs 5.'],
  ])("refuses a run with %s", async (_, other, message) => {
    await expect(readCheckpoint(path, [other])).rejects.toThrow(new FileError(`${path}: ${message}`));
  });

  it.each<[string, string | undefined]>([
    ["nothing", undefined],
    ["no JSON", "{"],
    ["a negative step", JSON.stringify({ ...position, step: -1 })],
    ["half a step", JSON.stringify({ ...position, step: 1.5 })],
    ["a loss that is no number", JSON.stringify({ ...position, lossSum: Number.NaN })],
    ["no end", JSON.stringify({ ...position, finished: undefined })],
  ])("refuses a position with %s", async (_, text) => {
    const other = join(folder, "other.safetensors");
    await writeSafetensors(other, new Map(), text === undefined ? {} : { position: text });
    expect((await readSafetensors(other)).tensors.size).toBe(0);
    await expect(readCheckpoint(other, [])).rejects.toThrow(
      new FileError(`${other} is not a checkpoint of rlrr, or is damaged. Remove it to start the run again.`),
    );
  });

  it("meets any damage with an error of ours", async () => {
    const bytes = readFileSync(path);
    const damaged = join(folder, "damaged.safetensors");
    let refused = 0;
    for (let round = 0; round < 200; round++) {
      writeFileSync(damaged, mutate(bytes, { round, headerBytes: 900 }));
      await readCheckpoint(damaged, trainables).catch((error: unknown) => {
        refused++;
        expect(error, `round ${round}`).toBeInstanceOf(RlrrError);
      });
    }
    expect(refused).toBeGreaterThan(100);
  });
});
