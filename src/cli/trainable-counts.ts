/** How many parameters a method trains in a model of these sizes. */

import { allTrainables } from "../adapter/head.ts";
import { sizeOf } from "../formats/tensor.ts";
import type { Method } from "../methods/method.ts";
import { type ChosenMethod, chooseMethod, defaultMethod, methods } from "../methods/methods.ts";
import { backboneOf } from "../model/architectures.ts";
import type { VitConfig } from "../model/model.ts";
import { renderTable } from "../table.ts";
import { settingFlag } from "./method-options.ts";
import { renderBytes, renderCount } from "./render-facts.ts";

export interface CountOptions {
  /** All methods where none is named. */
  readonly method?: string | Method | undefined;
  /** The method's own options. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Rows of the head that trains with it; 0 counts no head. */
  readonly classes: number;
}

interface Count {
  readonly method: string;
  /** All trainable parameters, the head's among them. */
  readonly trainable: number;
  readonly headTrainable: number;
}

export interface Counts {
  readonly record: object;
  readonly text: string;
}

/** Numbers of the backbone, without a head. */
export const backboneSize = (config: VitConfig): number => total([...backboneOf(config).shapes.values()]);

const total = (shapes: readonly (readonly number[])[]): number =>
  shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);

/** The count of one method, or of every method side by side. */
export function countTrainables(config: VitConfig, { method, settings, classes }: CountOptions): Counts {
  const asked = method ?? (Object.keys(settings).length > 0 ? defaultMethod : undefined);
  const chosen = (asked === undefined ? methods : [asked]).map((name) =>
    chooseMethod({ name, options: settings }, "--method", { nameOf: settingFlag }),
  );
  const counts = chosen.map((one) => count(config, one, classes));
  const head = classes > 0 ? `with a head of ${renderCount(classes)} classes` : "without a head";
  const text = `Trainable parameters, ${head}:\n${renderCounts(counts, backboneSize(config))}`;
  const [only] = counts;
  const [{ choice }] = chosen as [ChosenMethod, ...ChosenMethod[]];
  const record =
    asked === undefined ? { classes, methods: counts } : { ...only, options: choice.options, classes };
  return { record, text };
}

function count(config: VitConfig, { choice, adaptation }: ChosenMethod, classes: number): Count {
  const shapes = allTrainables(adaptation, backboneOf(config), classes).map((row) => ({
    ...row,
    size: sizeOf(row.shape),
  }));
  const sum = (rows: typeof shapes) => rows.reduce((all, { size }) => all + size, 0);
  return {
    method: choice.name,
    trainable: sum(shapes),
    headTrainable: sum(shapes.filter((row) => row.name.startsWith("head."))),
  };
}

function renderCounts(counts: readonly Count[], backbone: number): string {
  const right = { align: "right" } as const;
  const columns = [
    { title: "method" },
    { title: "parameters", ...right },
    { title: "of them the head's", ...right },
    { title: "the others, of the backbone", ...right },
    { title: "adapter", ...right },
  ];
  const rows = counts.map(({ method, trainable, headTrainable }) => [
    method,
    renderCount(trainable),
    renderCount(headTrainable),
    `${((100 * (trainable - headTrainable)) / backbone).toFixed(2)} %`,
    renderBytes(trainable * Float32Array.BYTES_PER_ELEMENT),
  ]);
  return renderTable(columns, rows, { indent: 2 });
}
