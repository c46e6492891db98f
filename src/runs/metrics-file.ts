/** A run's log of metrics: one JSON line per step and per epoch, append-only, truncated to where a resumed run starts. */

import { createReadStream, constants as flags } from "node:fs";
import { open, stat } from "node:fs/promises";
import { createInterface } from "node:readline";
import { FileError } from "../errors.ts";
import { readProblem, writeProblem } from "../files/file-problem.ts";
import { limits } from "../limits.ts";

export interface MetricsFile {
  /** Adds a line. */
  readonly append: (record: object) => Promise<void>;
  /** Lines so far. */
  readonly lines: () => number;
  /** Forces what was added to disk. */
  readonly sync: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Opens the file and truncates it after its first `keep` lines: a resumed run writes the others again. */
export async function openMetricsFile(path: string, { keep }: { keep: number }): Promise<MetricsFile> {
  const tell = (cause: unknown): never => {
    throw writeProblem(cause, path);
  };
  // A link in the file's place would make us truncate and append to somebody else's file.
  const handle = await open(
    path,
    flags.O_WRONLY | flags.O_CREAT | flags.O_APPEND | (flags.O_NOFOLLOW ?? 0),
    0o666,
  ).catch(tell);
  let lines: number;
  try {
    const kept = await measureLines(path, keep);
    await handle.truncate(kept.bytes).catch(tell);
    lines = kept.lines;
  } catch (error) {
    await handle.close();
    throw error;
  }
  return {
    append: async (record) => {
      await handle.appendFile(`${JSON.stringify(record)}\n`).catch(tell);
      lines++;
    },
    lines: () => lines,
    sync: () => handle.sync().catch(tell),
    close: () => handle.close(),
  };
}

/** How many whole lines there are, `most` at most, and how many bytes they take. */
async function measureLines(path: string, most: number): Promise<{ lines: number; bytes: number }> {
  let [lines, bytes, before] = [0, 0, 0];
  if (most === 0) return { lines, bytes };
  try {
    for await (const chunk of createReadStream(path)) {
      const buffer = chunk as Buffer;
      for (let at = buffer.indexOf(10); at !== -1 && lines < most; at = buffer.indexOf(10, at + 1)) {
        lines++;
        bytes = before + at + 1;
      }
      if (lines === most) break;
      before += buffer.length;
    }
  } catch (cause) {
    throw readProblem(cause, path);
  }
  return { lines, bytes };
}

export const MAX_METRICS_BYTES = limits.MAX_METRICS_BYTES.value;

async function refuseLarge(path: string): Promise<void> {
  const { size } = await stat(path);
  if (size > MAX_METRICS_BYTES)
    throw new FileError(
      `${path} has ${size} bytes; of at most ${MAX_METRICS_BYTES} a page of curves is made.`,
    );
}

/** Every record of a metrics file; lines that are not JSON are left out. */
export async function* readMetrics(path: string): AsyncGenerator<unknown, void, void> {
  await refuseLarge(path).catch((cause: unknown) => {
    throw readProblem(cause, path);
  });
  const input = createReadStream(path);
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      const record = parseLine(line);
      if (record !== undefined) yield record;
    }
  } catch (cause) {
    throw readProblem(cause, path);
  } finally {
    input.destroy();
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
