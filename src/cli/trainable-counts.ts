/** How many numbers a method trains in a model of these sizes. */

import { allTrainables } from "../adapter/head.ts";
import { sizeOf } from "../formats/tensor.ts";
import { chooseMethod, methods } from "../methods/methods.ts";
import { backboneOf } from "../model/architectures.ts";
import type { VitConfig } from "../model/model.ts";
import { renderTable } from "../table.ts";
import { renderBytes, renderCount } from "./render-facts.ts";

export interface CountOptions {
  /** All methods where none is named. */
  readonly method?: string | undefined;
  /** The method's own options. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Rows of the head that trains with it; 0 counts no head. */
  readonly classes: number;
}

interface Count {
  readonly method: string;
  /** All numbers that train, the head's among them. */
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
  const named = method ?? (Object.keys(settings).length > 0 ? "rlrr" : undefined);
  const names = named === undefined ? methods.map(({ name }) => name) : [named];
  const counts = names.map((name) => count(config, { name, settings, classes }));
  const [only] = counts;
  const head = classes > 0 ? `with a head of ${renderCount(classes)} classes` : "without a head";
  const text = `Numbers that train, ${head}:\n${renderCounts(counts, backboneSize(config))}`;
  if (named === undefined || only === undefined) return { record: { classes, methods: counts }, text };
  return { record: { ...only, options: optionsOf(named, settings), classes }, text };
}

const optionsOf = (name: string, settings: CountOptions["settings"]) =>
  chooseMethod({ name, options: settings }, "--method").choice.options;

function count(
  config: VitConfig,
  { name, settings, classes }: { name: string; settings: CountOptions["settings"]; classes: number },
): Count {
  const { adaptation } = chooseMethod({ name, options: settings }, "--method");
  const shapes = allTrainables(adaptation, backboneOf(config), classes).map((row) => ({
    ...row,
    size: sizeOf(row.shape),
  }));
  const sum = (rows: typeof shapes) => rows.reduce((all, { size }) => all + size, 0);
  return {
    method: name,
    trainable: sum(shapes),
    headTrainable: sum(shapes.filter((row) => row.name.startsWith("head."))),
  };
}

function renderCounts(counts: readonly Count[], backbone: number): string {
  const right = { align: "right" } as const;
  const columns = [
    { title: "method" },
    { title: "numbers", ...right },
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
