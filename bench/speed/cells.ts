/** What the bench measures: cells, each a process that prints its numbers as JSON in its last line. */

import { inferenceKinds } from "./inference.ts";

export interface Cell {
  /** Cells of one group are measured by turns, A B A B, and compared with its first. */
  readonly group: string;
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

export interface CellOptions {
  readonly parts: readonly string[];
  readonly models: readonly string[];
  readonly batches: readonly string[];
  readonly methods: readonly string[];
  readonly precisions: readonly string[];
  readonly steps: string;
  /** Empty: as many as there are cores. */
  readonly threads: string;
  /** A Python with PyTorch, for the best step that it gives. */
  readonly python: string;
  /** A folder of the official code. */
  readonly official: string;
}

export const partNames = ["step", "inference", "images"] as const;

export function cellsOf(options: CellOptions): Cell[] {
  const { parts, models, batches, threads } = options;
  const limit = threads === "" ? [] : ["--threads", threads];
  return [
    ...(parts.includes("step")
      ? models.flatMap((model) => batches.flatMap((batch) => stepCells(options, { model, batch, limit })))
      : []),
    ...(parts.includes("inference")
      ? models.flatMap((model) => batches.flatMap((batch) => inferenceCells({ model, batch, limit })))
      : []),
    ...(parts.includes("images")
      ? ["decode", "resize"].map((what) => part(`${what} 500 x 375`, "plain", [what]))
      : []),
  ];
}

const part = (group: string, name: string, args: readonly string[]): Cell => ({
  ...{ group, name, command: process.execPath },
  args: ["--import", "tsx", "bench/speed/part.ts", ...args],
});

const inferenceCells = ({ model, batch, limit }: Place): Cell[] =>
  inferenceKinds.map((kind) =>
    part(`inference ${model} batch ${batch}`, kind, [
      ...["inference", model, kind, "--batch-size", batch],
      ...limit,
    ]),
  );

interface Place {
  readonly model: string;
  readonly batch: string;
  readonly limit: readonly string[];
}

function stepCells(
  { methods, precisions, steps, python, official }: CellOptions,
  { model, batch, limit }: Place,
): Cell[] {
  const group = `step ${model} batch ${batch}`;
  const common = ["--model", model, "--batch-size", batch, "--steps", steps, "--json", ...limit];
  const ours = methods.flatMap((method) =>
    // A linear head's products stay fp32.
    (method === "linear" ? precisions.filter((precision) => precision === "fp32") : precisions).map(
      (precision): Cell => ({
        ...{ group, name: `${method} ${precision}`, command: process.execPath },
        args: ["bin/rlrr.mjs", "bench", "step", ...common, "--method", method, "--precision", precision],
      }),
    ),
  );
  const peer = (name: string, script: string, args: readonly string[]): Cell => ({
    ...{ group, name, command: python || "python3", args: [`bench/peers/${script}.py`, ...common, ...args] },
  });
  const modes = python === "" ? [] : ["eager", "compiled", "bf16"];
  return [
    ...ours,
    ...modes.map((mode) => peer(`PyTorch ${mode}`, "best_step", ["--mode", mode])),
    ...(official === "" ? [] : [peer("official", "official_step", ["--official", official])]),
  ];
}
