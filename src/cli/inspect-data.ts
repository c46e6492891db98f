/** What a data set holds: classes, images of each split, and how large they are. */

import type { Dataset, Split } from "../datasets/dataset.ts";
import { type ImageFacts, readImageFacts } from "../images/image-facts.ts";
import { renderTable } from "../table.ts";
import { interruption } from "./exit.ts";
import type { Inspection } from "./inspect.ts";
import { type Fact, renderCount, renderFacts } from "./render-facts.ts";

const splitNames = ["train", "val", "test"] as const;
/** Enough to see whether sizes differ, few enough to be quick on a slow disk. */
const lookedAt = 24;
/** Of more classes only the smallest are listed. */
const listed = 20;

const layouts: Readonly<Record<Dataset["layout"], string>> = {
  classes: "a folder of class folders",
  splits: "split folders of class folders",
  vtab: "VTAB-1k lists",
  fgvc: "FGVC JSON lists",
  csv: "a CSV list",
};

export async function inspectData(path: string, dataset: Dataset): Promise<Inspection> {
  const { layout, classes, splits, notes } = dataset;
  const present = splitNames.filter((split) => splits[split].length > 0);
  const images = Object.fromEntries(present.map((split) => [split, splits[split].length]));
  const counts = countByClass(dataset);
  const looked = await lookAt(dataset);
  const rows = classes.map((name, label) => ({
    name,
    ...Object.fromEntries(present.map((split) => [split, counts[split][label] ?? 0])),
  }));
  const facts = renderFacts(`${path} is a data set: ${layouts[layout]}.`, [
    ["classes", renderCount(classes.length)],
    ["images", present.map((split) => `${renderCount(splits[split].length)} ${split}`).join(", ")],
    ...imageFacts(looked),
    ...notes.map((note, index): Fact => [index === 0 ? "notes" : "", note]),
  ]);
  return {
    record: { type: "dataset", path, layout, images, classes: rows, looked, notes },
    text: `${facts}\n\n${renderClasses(dataset, { present, counts })}`,
  };
}

type Counts = Readonly<Record<Split, readonly number[]>>;

function countByClass({ classes, splits }: Dataset): Counts {
  const count = (split: Split) => {
    const counts = classes.map(() => 0);
    for (const { label } of splits[split]) counts[label] = (counts[label] ?? 0) + 1;
    return counts;
  };
  return { train: count("train"), val: count("val"), test: count("test") };
}

interface Looked {
  /** How many files were opened, spread evenly over the data. */
  readonly files: number;
  readonly unreadable: number;
  readonly kinds: Readonly<Record<string, number>>;
  /** [width, height] */
  readonly smallest: readonly [number, number] | null;
  readonly largest: readonly [number, number] | null;
}

async function lookAt({ splits }: Dataset): Promise<Looked> {
  const all = splitNames.flatMap((split) => splits[split]);
  const every = Math.max(1, all.length / lookedAt);
  const chosen = Array.from(
    { length: Math.min(all.length, lookedAt) },
    (_, at) => all[Math.floor(at * every)],
  );
  const found: ImageFacts[] = [];
  for (const example of chosen) {
    interruption.throwIfAborted();
    const facts = example && (await readImageFacts(example.path));
    if (facts) found.push(facts);
  }
  const bySize = found.toSorted((a, b) => a.width * a.height - b.width * b.height);
  const sizeOf = (facts: ImageFacts | undefined) => (facts ? ([facts.width, facts.height] as const) : null);
  const kinds = [...new Set(found.map(({ kind }) => kind))].map((kind) => [
    kind,
    found.filter((one) => one.kind === kind).length,
  ]);
  return {
    files: chosen.length,
    unreadable: chosen.length - found.length,
    kinds: Object.fromEntries(kinds),
    smallest: sizeOf(bySize[0]),
    largest: sizeOf(bySize.at(-1)),
  };
}

function imageFacts({ files, unreadable, kinds, smallest, largest }: Looked): Fact[] {
  const sizes = [...new Set([smallest, largest].flatMap((size) => (size ? [size.join(" x ")] : [])))];
  return [
    ["sizes", sizes.length > 0 ? `${sizes.join(" to ")} pixels, of ${files} looked at` : undefined],
    ["kinds", Object.keys(kinds).join(", ") || undefined],
    ["unreadable", unreadable > 0 ? `${unreadable} of ${files} looked at` : undefined],
  ];
}

function renderClasses(
  { classes }: Dataset,
  { present, counts }: { readonly present: readonly Split[]; readonly counts: Counts },
): string {
  const total = (label: number) => present.reduce((sum, split) => sum + (counts[split][label] ?? 0), 0);
  const labels = classes.map((_, label) => label);
  const few = classes.length <= listed;
  const shown = few ? labels : labels.toSorted((a, b) => total(a) - total(b)).slice(0, listed);
  const columns = [{ title: "class" }, ...present.map((title) => ({ title, align: "right" as const }))];
  const rows = shown.map((label) => [
    classes[label] ?? "",
    ...present.map((split) => renderCount(counts[split][label] ?? 0)),
  ]);
  const table = renderTable(columns, rows, { indent: 2 });
  return few ? table : `The ${listed} classes with the fewest images:\n${table}`;
}
