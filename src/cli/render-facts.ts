/** Facts for people: a headline, then names and values in two columns. */

import { displayWidth, padText, printable } from "../table.ts";

export type Fact = readonly [name: string, value: string | number | undefined];

/** A line, then one line per fact, indented; facts without a value are left out. */
export function renderFacts(headline: string, facts: readonly Fact[]): string {
  const known = facts.flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as const],
  );
  const width = Math.max(0, ...known.map(([name]) => displayWidth(name)));
  const lines = known.map(([name, value]) => `  ${padText(name, { width })}  ${printable(value)}`);
  return [printable(headline), ...lines].join("\n");
}

/** 812 bytes, 1.3 kB, 22.9 MB, 1.2 GB: powers of a thousand, as disks and downloads are counted. */
export function renderBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const units = ["kB", "MB", "GB", "TB"];
  const power = Math.min(units.length, Math.floor(Math.log10(bytes) / 3 + 1e-9));
  return `${(bytes / 1000 ** power).toFixed(1)} ${units[power - 1]}`;
}

export const renderCount = (count: number): string => count.toLocaleString("en");

/** The first few of many, and how many there are. */
export function renderSome(names: readonly string[], { shown = 8 } = {}): string {
  const some = names.slice(0, shown).join(", ");
  return names.length > shown ? `${some}, … (${renderCount(names.length)})` : some;
}

/** One step of preprocessing after another, each with its options. */
export const renderSteps = (steps: readonly (readonly [string, object])[]): string =>
  steps
    .map(([name, options]) => {
      const parts = Object.entries(options).map(([option, value]) => `${option} ${[value].flat().join(" ")}`);
      return parts.length > 0 ? `${name} (${parts.join(", ")})` : name;
    })
    .join(", ");

/** Notes as facts, the name once. */
export const noteFacts = (notes: readonly string[]): Fact[] =>
  notes.map((note, index) => [index === 0 ? "notes" : "", note]);
