/** What may be asked of an export, and whether its target can hold the method. */

import { splitNames } from "../datasets/dataset.ts";
import { InputError } from "../errors.ts";
import { checkCounts } from "../files/check-count.ts";
import { checkOptions, checkPath, type KnownOptions } from "../files/check-options.ts";
import { showValue } from "../files/show-value.ts";
import { methodOf } from "../methods/methods.ts";
import { plainVitOf } from "../model/architectures.ts";
import type { OpenedModel } from "../predict/open-model.ts";
import type { CompareOptions } from "./open-export.ts";
import { type Precision, precisionNames } from "./precisions.ts";
import { type Target, type TargetName, targetNames, targets } from "./targets.ts";
import type { WeightsPlace } from "./write-onnx.ts";

export interface ExportOptions extends CompareOptions {
  /** What it is for. */
  readonly to: TargetName;
  /** A file for each; where left out, as suits the target. */
  readonly precision?: Precision | readonly Precision[] | undefined;
  /** Whether weights are inside the ONNX file or in one beside it. */
  readonly weights?: WeightsPlace | undefined;
  /** Whether an ONNX file takes whole images and prepares them itself; by default only for transformers.js. */
  readonly preprocessInside?: boolean | undefined;
}

const known: KnownOptions<ExportOptions> = {
  ...{ to: true, model: true, engine: true, precision: true, weights: true, preprocessInside: true },
  ...{ data: true, split: true, acceptLoss: true, heads: true, method: true, provider: true, threads: true },
  ...{ signal: true, onNote: true, onCompare: true, onProgress: true },
};

/** Weights alone cannot say what every method does. */
export function checkHolds({ holds, title, plainOnly }: Target, { adapter, model }: OpenedModel): void {
  const { method } = adapter ? methodOf(adapter) : {};
  if (holds === "weights" && method?.unmergeable !== undefined)
    throw new InputError(
      (show) =>
        `${title} takes the weights of a model, and an adapter of method ${method.name} is more than that: ${method.unmergeable}. ${show("to", "onnx")} holds its whole graph.`,
    );
  if (plainOnly) plainVitOf(adapter?.config ?? model.config, `A folder of ${title}`);
}

export function checkExport(source: string, out: string, options: ExportOptions): void {
  checkOptions(options, { verb: "exportModel", known });
  checkPath(source, { what: "exportModel: what to export" });
  checkPath(out, { what: "exportModel: the folder to write" });
  const { to, weights, split, precision, preprocessInside } = options;
  oneOf("to", to, targetNames);
  if (weights !== undefined) oneOf("weights", weights, ["inside", "beside"]);
  if (split !== undefined) oneOf("split", split, splitNames);
  for (const one of asList(precision)) oneOf("precision", one, precisionNames);
  checkCounts({ threads: options.threads, heads: options.heads });
  const target = targets[to];
  if (target.holds === "graph") return;
  const other = Object.entries({ weights, precision, preprocessInside }).find(
    ([, value]) => value !== undefined,
  );
  if (other)
    throw new InputError(
      (show) =>
        `${show(other[0])} is for targets that hold a graph (${targetNames.filter((name) => targets[name].holds === "graph").join(", ")}); ${to} holds float32 weights.`,
    );
}

/** One, several or none. */
export const asList = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value as T];

function oneOf(option: string, value: unknown, valid: readonly string[]): void {
  if (!valid.includes(value as string))
    throw new InputError(
      (show) =>
        `${show(option)} must be ${valid.slice(0, -1).join(", ")} or ${valid.at(-1)}, got ${showValue(value)}.`,
    );
}
