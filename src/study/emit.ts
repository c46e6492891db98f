/** Manifests that run a study on other machines through a queue that is there: a Slurm script, or Jobs of Kubernetes. */

import { createHash } from "node:crypto";
import { dirname, join, sep } from "node:path";
import { InputError } from "../errors.ts";
import { limits } from "../limits.ts";
import type { SlotCounts } from "./slots.ts";

export const emitTargets = ["slurm", "k8s"] as const;
export type EmitTarget = (typeof emitTargets)[number];

export interface EmitOptions {
  /** The study's folder, absolute. */
  readonly out: string;
  readonly counts: SlotCounts;
  /** Of each trial. */
  readonly threads: number;
  /** Absolute paths that trials read. */
  readonly reads: readonly string[];
}

/** By the names of files in the study's folder. */
export type Manifests = Readonly<Record<string, string>>;

export const manifestsFor = (target: EmitTarget, options: EmitOptions): Manifests =>
  target === "slurm" ? { "slurm.sh": slurmScript(options) } : kubernetesJobs(options);

/** A part of a stage: so many trials from one on. */
interface Chunk {
  readonly from: number;
  readonly trials: number;
}

const mostInArray = limits.MAX_ARRAY.value;

function chunksOf(from: number, trials: number): readonly Chunk[] {
  return Array.from({ length: Math.ceil(trials / mostInArray) }, (_, at) => ({
    from: from + at * mostInArray,
    trials: Math.min(mostInArray, trials - at * mostInArray),
  }));
}

const stagesOf = ({ tuning, final }: SlotCounts) => ({
  choose: chunksOf(0, tuning),
  test: chunksOf(tuning, final),
});

/** As a shell needs it. */
const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** A trial of the study, `index` being an expression of the shell. */
const trialCommand = ({ out }: Pick<EmitOptions, "out">, { from }: Chunk, index: string): string =>
  `rlrr study --out ${quoted(out)} --trial $((${from} + ${index}))`;
const tableCommand = ({ out }: Pick<EmitOptions, "out">): string => `rlrr study --out ${quoted(out)}`;

function slurmScript(options: EmitOptions): string {
  const { out, counts, threads } = options;
  const { choose, test } = stagesOf(counts);
  const submit = (chunk: Chunk, dependency: string) =>
    [
      `sbatch --parsable --job-name rlrr-trials --array 0-${chunk.trials - 1} --cpus-per-task ${threads}`,
      `${dependency}--output ${quoted(join(out, "slurm-%A-%a.log"))} "$@"`,
      `--wrap ${quoted(trialCommand(options, chunk, "SLURM_ARRAY_TASK_ID"))}`,
    ].join(" ");
  const stage = (name: string, chunks: readonly Chunk[], dependency: string) => [
    `${name}=`,
    ...chunks.map((chunk) => `${name}="$${name}:$(${submit(chunk, dependency)})"`),
  ];
  return `${[
    "#!/bin/sh",
    `# Submits the ${counts.tuning + counts.final} trials of a study to Slurm. What is given goes to every sbatch: sh slurm.sh --partition NAME`,
    "set -eu",
    "# Settings are chosen on validation images first,",
    ...stage("choose", choose, ""),
    "# the chosen ones are read on test images,",
    ...stage("test", test, '--dependency "afterany$choose" '),
    "# and then comes the table. What failed is tried once more by this job.",
    `sbatch --job-name rlrr-table --cpus-per-task ${threads} --dependency "afterany$test" --output ${quoted(join(out, "slurm-table.log"))} "$@" --wrap ${quoted(tableCommand(options))}`,
  ].join("\n")}\n`;
}

function kubernetesJobs(options: EmitOptions): Manifests {
  // Jobs of a namespace have different names, and two studies may be in one.
  const study = createHash("sha256").update(options.out).digest("hex").slice(0, 8);
  const { choose, test } = stagesOf(options.counts);
  const indexed = (chunks: readonly Chunk[], name: string) =>
    chunks.map((chunk, at) =>
      job(options, {
        name: chunks.length > 1 ? `${name}-${at + 1}` : name,
        command: trialCommand(options, chunk, "JOB_COMPLETION_INDEX"),
        spec: { completionMode: "Indexed", completions: chunk.trials, parallelism: chunk.trials },
      }),
    );
  const stages = {
    "k8s-1-choose.json": indexed(choose, `rlrr-choose-${study}`),
    "k8s-2-test.json": indexed(test, `rlrr-test-${study}`),
    "k8s-3-table.json": [
      job(options, { name: `rlrr-table-${study}`, command: tableCommand(options), spec: {} }),
    ],
  };
  return Object.fromEntries(
    Object.entries(stages).map(([name, items]) => [
      name,
      `${JSON.stringify({ apiVersion: "v1", kind: "List", items }, null, 2)}\n`,
    ]),
  );
}

/** The image and the claim are called rlrr, for whoever has others to put their names in. */
function job(
  { out, reads, threads }: EmitOptions,
  { name, command, spec }: { name: string; command: string; spec: object },
): object {
  const cpu = String(threads);
  const container = {
    ...{ name: "rlrr", image: "rlrr", command: ["sh", "-c", command] },
    resources: { requests: { cpu }, limits: { cpu } },
    volumeMounts: [{ name: "study", mountPath: commonFolder([out, ...reads]) }],
  };
  const volumes = [{ name: "study", persistentVolumeClaim: { claimName: "rlrr" } }];
  return {
    ...{ apiVersion: "batch/v1", kind: "Job", metadata: { name } },
    spec: {
      ...spec,
      // Of each trial, where it has an index.
      ...("completionMode" in spec ? { backoffLimitPerIndex: 10 } : { backoffLimit: 10 }),
      template: { spec: { restartPolicy: "Never", containers: [container], volumes } },
    },
  };
}

/** The deepest folder that holds all of them. */
function commonFolder(paths: readonly string[]): string {
  const parts = paths.map((path) => dirname(path).split(sep));
  const [first = []] = parts;
  const length = first.findIndex((part, at) => parts.some((other) => other[at] !== part));
  const common = (length < 0 ? first : first.slice(0, length)).join(sep);
  // Mounted there, the volume would hide the system of the image.
  if (common === "")
    throw new InputError(
      `The study, its data and its model have no folder in common but ${sep}, and a pod mounts one volume. Put them below one folder: ${paths.join(", ")}.`,
    );
  return common;
}
