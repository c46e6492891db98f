/** Studies that come with the program: benchmarks and ablations of the paper, and a comparison of all methods. */

import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { InputError } from "../errors.ts";
import { methods } from "../methods/methods.ts";
import { type BenchmarkSet, fgvcSets, vtabSets } from "../runs/benchmarks.ts";
import type { PresetName } from "./preset-names.ts";
import type { StudyInput } from "./study-schema.ts";

type MethodEntry = NonNullable<StudyInput["methods"]>[number];

interface Preset {
  readonly study: Pick<StudyInput, "methods" | "recipes" | "reference">;
  /** Folders below the one given as data. */
  readonly sets?: readonly BenchmarkSet[];
}

const rlrr = (label: string, options: Readonly<Record<string, unknown>>): MethodEntry => ({
  ...{ name: "rlrr", label, options },
});

const presets: Readonly<Record<PresetName, Preset>> = {
  vtab: {
    study: { methods: ["linear", "rlrr"], recipes: ["official-vtab"], reference: "linear" },
    sets: vtabSets,
  },
  fgvc: {
    study: { methods: ["linear", "rlrr"], recipes: ["official-fgvc"], reference: "linear" },
    sets: fgvcSets,
  },
  // Table 6
  "ablation-sides": {
    study: {
      reference: "both, residual",
      methods: [
        rlrr("both, residual", {}),
        rlrr("left, residual", { side: "left" }),
        rlrr("right, residual", { side: "right" }),
        rlrr("both", { residual: false }),
        rlrr("left", { side: "left", residual: false }),
        rlrr("right", { side: "right", residual: false }),
      ],
    },
  },
  // Table 10; the paper does not define its normal, zero, constant and uniform
  "ablation-init": {
    study: {
      reference: "official start",
      methods: [rlrr("official start", { init: "official" }), rlrr("identity start", { init: "identity" })],
    },
  },
  // appendix F
  "ablation-rank": {
    study: {
      reference: "rank 1",
      methods: [1, 2, 4, 8, 16].map((rank) => rlrr(`rank ${rank}`, { rank })),
    },
  },
  // Fig. 2
  "ablation-sites": {
    study: {
      reference: "all sites",
      methods: [
        rlrr("all sites", {}),
        rlrr("attention", { sites: ["q", "k", "v", "o"] }),
        rlrr("FFN", { sites: ["fc1", "fc2"] }),
        rlrr("norms", { sites: ["norm"] }),
        rlrr("attention and FFN", { sites: ["q", "k", "v", "o", "fc1", "fc2"] }),
      ],
    },
  },
  compare: { study: { reference: "rlrr", methods: methods.map(({ name }) => name) } },
};

/** A study with what its preset says where it says nothing itself. */
export async function withPreset(study: StudyInput): Promise<StudyInput> {
  if (study.preset === undefined) return study;
  const { study: own, sets } = presets[study.preset];
  const { reference, ...rest } = own;
  // A comparison with a method that is not among those asked for would be none.
  const compared = study.methods === undefined ? { reference } : {};
  const merged: StudyInput = { ...rest, ...compared, ...withoutUndefined(study) };
  return sets && study.data ? { ...merged, data: await expand(study.data, { ...study, sets }) } : merged;
}

const withoutUndefined = (study: StudyInput): StudyInput =>
  Object.fromEntries(Object.entries(study).filter(([, value]) => value !== undefined));

type Data = NonNullable<StudyInput["data"]>;

/** One folder is the root of all sets; several are sets themselves, whose groups are known by their names. */
async function expand(
  data: Data,
  { sets, preset }: { readonly sets: readonly BenchmarkSet[]; readonly preset?: PresetName | undefined },
): Promise<Data> {
  const entries = data.map((entry) => (typeof entry === "string" ? { path: entry } : entry));
  const [only] = entries;
  const known = (path: string) => sets.find(({ folder }) => folder === basename(resolve(path)));
  if (!only || entries.length > 1 || known(only.path))
    return entries.map((entry) => {
      const group = entry.group ?? known(entry.path)?.group;
      return { ...entry, ...(group && { group }) };
    });
  const missing: string[] = [];
  for (const { folder } of sets) if (!(await isFolder(join(only.path, folder)))) missing.push(folder);
  if (missing.length > 0)
    throw new InputError(
      (show) =>
        `${only.path}: ${missing.length} of the ${sets.length} data sets of ${preset} are not there: ${missing.join(", ")}. Add them, or list the folders of those that you have as ${show("data")}.`,
    );
  return sets.map(({ folder, group }) => ({ path: join(only.path, folder), ...(group && { group }) }));
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
