/** Numbers that the paper prints, to stand beside ours: Dong et al., CVPR 2024, arXiv 2403.19067, ViT-B/16 on ImageNet-21k. */

import { fgvcSets, vtabSets } from "../runs/benchmarks.ts";
import type { PresetName } from "./preset-names.ts";
import { meanOf } from "./statistics.ts";

interface Printed {
  readonly title: string;
  /** In the order of the benchmark's sets. */
  readonly values: readonly number[];
}

/** Table 2. */
const vtab: readonly Printed[] = [
  {
    title: "full fine-tuning",
    values: [
      68.9, 87.7, 64.3, 97.2, 86.9, 87.4, 38.8, 79.7, 95.7, 84.2, 73.9, 56.3, 58.6, 41.7, 65.5, 57.5, 46.7,
      25.7, 29.1,
    ],
  },
  {
    title: "linear probing",
    values: [
      63.4, 85.0, 63.2, 97.0, 86.3, 36.6, 51.0, 78.5, 87.5, 68.6, 74.0, 34.3, 30.6, 33.2, 55.4, 12.5, 20.0,
      9.6, 19.2,
    ],
  },
  {
    title: "bias",
    values: [
      72.8, 87.0, 59.2, 97.5, 85.3, 59.9, 51.4, 78.7, 91.6, 72.9, 69.8, 61.5, 55.6, 32.4, 55.9, 66.6, 40.0,
      15.7, 25.1,
    ],
  },
  {
    title: "VPT-Deep",
    values: [
      78.8, 90.8, 65.8, 98.0, 88.3, 78.1, 49.6, 81.8, 96.1, 83.4, 68.4, 68.5, 60.0, 46.5, 72.8, 73.6, 47.9,
      32.9, 37.8,
    ],
  },
  {
    title: "LoRA",
    values: [
      67.1, 91.4, 69.4, 98.8, 90.4, 85.3, 54.0, 84.9, 95.3, 84.4, 73.6, 82.9, 69.2, 49.8, 78.5, 75.7, 47.1,
      31.0, 44.0,
    ],
  },
  {
    title: "AdaptFormer",
    values: [
      70.8, 91.2, 70.5, 99.1, 90.9, 86.6, 54.8, 83.0, 95.8, 84.4, 76.3, 81.9, 64.3, 49.3, 80.3, 76.3, 45.7,
      31.7, 41.1,
    ],
  },
  {
    title: "ARC",
    values: [
      72.2, 90.1, 72.7, 99.0, 91.0, 91.9, 54.4, 84.9, 95.7, 86.7, 75.8, 80.7, 67.1, 48.7, 81.6, 79.2, 51.0,
      31.4, 39.9,
    ],
  },
  {
    title: "RLRR",
    values: [
      75.6, 92.4, 72.9, 99.3, 91.5, 89.8, 57.0, 86.8, 95.2, 85.3, 75.9, 79.7, 64.2, 53.9, 82.1, 83.9, 53.7,
      33.4, 43.6,
    ],
  },
  {
    title: "SSF, AugReg",
    values: [
      69.0, 92.6, 75.1, 99.4, 91.8, 90.2, 52.9, 87.4, 95.9, 87.4, 75.5, 75.9, 62.3, 53.3, 80.6, 77.3, 54.9,
      29.5, 37.9,
    ],
  },
  {
    title: "RLRR, AugReg",
    values: [
      76.7, 92.7, 76.3, 99.6, 92.6, 91.8, 56.0, 87.8, 96.2, 89.1, 76.3, 80.4, 63.3, 54.5, 83.3, 83.0, 53.7,
      32.0, 41.7,
    ],
  },
];

/** Table 3. */
const fgvc: readonly Printed[] = [
  { title: "full fine-tuning", values: [87.3, 82.7, 98.8, 89.4, 84.5] },
  { title: "linear probing", values: [85.3, 75.9, 97.9, 86.2, 51.3] },
  { title: "bias", values: [88.4, 84.2, 98.8, 91.2, 79.4] },
  { title: "VPT-Deep", values: [88.5, 84.2, 99.0, 90.2, 83.6] },
  { title: "LoRA", values: [88.3, 85.6, 99.2, 91.0, 83.2] },
  { title: "ARC", values: [88.5, 85.3, 99.3, 91.9, 85.7] },
  { title: "RLRR", values: [89.3, 84.7, 99.5, 92.0, 87.0] },
  { title: "SSF, AugReg", values: [89.5, 85.7, 99.6, 89.6, 89.2] },
  { title: "RLRR, AugReg", values: [89.8, 85.3, 99.6, 90.0, 90.4] },
];

/** Table 6. */
const sides: readonly Printed[] = [
  { title: "both, residual", values: [89.3, 84.7, 99.5, 92.0, 87.0] },
  { title: "left, residual", values: [87.1, 84.5, 99.5, 91.5, 85.1] },
  { title: "right, residual", values: [87.9, 84.5, 99.4, 91.3, 85.4] },
  { title: "both", values: [86.6, 83.9, 99.3, 91.0, 83.5] },
  { title: "left", values: [86.9, 84.2, 99.5, 91.0, 84.3] },
  { title: "right", values: [87.3, 84.4, 99.3, 91.1, 84.5] },
];

const folders = (sets: readonly { readonly folder: string }[]) => sets.map(({ folder }) => folder);
const tables: Partial<
  Record<
    PresetName,
    { readonly sets: readonly string[]; readonly rows: readonly Printed[]; readonly table: number }
  >
> = {
  vtab: { sets: folders(vtabSets), rows: vtab, table: 2 },
  fgvc: { sets: folders(fgvcSets), rows: fgvc, table: 3 },
  "ablation-sides": { sets: folders(fgvcSets), rows: sides, table: 6 },
};

export interface PaperRow {
  readonly title: string;
  /** Undefined where the paper has no such set. */
  readonly cells: readonly (number | undefined)[];
  /** Over all sets of the table, where they are the paper's; recomputed from the cells. */
  readonly mean: number | undefined;
  readonly groupMean: number | undefined;
}

/** The rows of the preset's table, in the order of `names`; none where no set is the paper's. */
export function paperRowsFor(preset: PresetName | undefined, names: readonly string[]): readonly PaperRow[] {
  const printed = preset && tables[preset];
  if (!printed || !names.some((name) => printed.sets.includes(name))) return [];
  const isWhole = printed.sets.length === names.length && names.every((name) => printed.sets.includes(name));
  return printed.rows.map(({ title, values }) => ({
    title: `(paper, Table ${printed.table}: ${title})`,
    cells: names.map((name) => values[printed.sets.indexOf(name)]),
    mean: isWhole ? meanOf(values) : undefined,
    groupMean: isWhole && preset === "vtab" ? meanOf(groupMeans(values)) : undefined,
  }));
}

const groupMeans = (values: readonly number[]): readonly number[] =>
  [...new Set(vtabSets.map(({ group }) => group))].map((group) =>
    meanOf(values.filter((_, index) => vtabSets[index]?.group === group)),
  );
