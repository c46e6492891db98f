/** The results of a study: one JSON line per trial, appended whole, so that a killed study has lost nothing that was recorded. */

import { constants as flags } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import { z } from "zod";
import { FileError } from "../errors.ts";
import { codeOf, readProblem, writeProblem } from "../files/file-problem.ts";
import { parseJson } from "../files/read-json.ts";
import { limits } from "../limits.ts";
import type { TrialRecord } from "./trial.ts";

const score = z.object({ epoch: z.int(), top1: z.number(), loss: z.number() });
const options = z.record(z.string(), z.unknown());
const resultSchema = z.object({
  trainable: z.number(),
  headTrainable: z.number(),
  trainImages: z.number(),
  epochs: z.number(),
  learningRate: z.number(),
  batchSize: z.number(),
  preprocessing: z.object({ training: z.string(), evaluation: z.string() }),
  epochScores: z.object({ images: z.number(), last: score, best: score }).optional(),
  test: z
    .object({ images: z.number(), correct: z.number(), top1: z.number(), loss: z.number().nullable() })
    .optional(),
  diverged: z.string().optional(),
});
const costSchema = z.object({ seconds: z.number(), peakBytes: z.number() });
const endSchema = z.object({ result: resultSchema, cost: costSchema });
const recordSchema = z.object({
  type: z.literal("trial"),
  name: z.string().regex(/^[0-9a-f]{16}$/),
  content: z.looseObject({
    purpose: z.enum(["validate", "test", "test-epochs"]),
    seed: z.int(),
    recipe: options,
  }),
  ...endSchema.shape,
});

export interface ResultsFile {
  readonly records: ReadonlyMap<string, TrialRecord>;
  /** Adds a line and forces it to disk. */
  readonly append: (record: TrialRecord) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Opens the file, and truncates the beginning of a line that a killed process has left at its end. */
export async function openResultsFile(path: string): Promise<ResultsFile> {
  const text = await readText(path);
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const records = new Map(parseResults(whole, path).map((record) => [record.name, record]));
  const tell = (cause: unknown): never => {
    throw writeProblem(cause, path);
  };
  // A link in the file's place would make us append to somebody else's file.
  const mode = flags.O_WRONLY | flags.O_CREAT | flags.O_APPEND | (flags.O_NOFOLLOW ?? 0);
  const handle = await open(path, mode, 0o666).catch(tell);
  await handle.truncate(Buffer.byteLength(whole)).catch(tell);
  return {
    records,
    append: async (record) => {
      await handle.appendFile(`${JSON.stringify(record)}\n`).catch(tell);
      await handle.sync().catch(tell);
      records.set(record.name, record);
    },
    close: () => handle.close(),
  };
}

/** The records of a file that another process may be adding to: its whole lines. */
export async function recordsIn(path: string): Promise<readonly TrialRecord[]> {
  const text = await readText(path);
  return parseResults(text.slice(0, text.lastIndexOf("\n") + 1), path);
}

/** Every whole line; the first that is no result is an error, as nobody else writes here. */
export function parseResults(text: string, where: string): readonly TrialRecord[] {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line, index) => {
    const parsed = recordSchema.safeParse(parseJson(line, `${where}, line ${index + 1}`));
    if (parsed.success) return parsed.data as unknown as TrialRecord;
    const field = parsed.error.issues[0]?.path.join(".") || "it";
    throw new FileError(
      `${where}, line ${index + 1}: ${field} is not valid in this version of rlrr. Remove the line to run its trial again.`,
    );
  });
}

/** What whoever ran a trial says of it. */
export function parseEnd(value: unknown, where: string): Pick<TrialRecord, "result" | "cost"> {
  const parsed = endSchema.safeParse(value);
  if (parsed.success) return parsed.data as unknown as TrialRecord;
  const field = parsed.error.issues[0]?.path.join(".") || "it";
  throw new FileError(
    `${where} gave a result of which ${field} is not valid in this version of rlrr. Run the study again, with workers of the same version.`,
  );
}

async function readText(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > limits.MAX_RESULT_BYTES.value)
      throw new FileError(
        `${path} has ${size} bytes; results have at most ${limits.MAX_RESULT_BYTES.value}.`,
      );
    return await readFile(path, "utf8");
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return "";
    throw readProblem(cause, path);
  }
}
