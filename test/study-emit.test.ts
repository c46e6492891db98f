/** A study whose trials run apart, through what is written for a queue, gives the table of one process. */

import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { InputError } from "../src/errors.ts";
import { manifestsFor } from "../src/study/emit.ts";
import { emitStudy } from "../src/study/emit-study.ts";
import type { StudyEvent } from "../src/study/events.ts";
import { study } from "../src/study/study.ts";
import type { StudyOptions } from "../src/study/study-options.ts";
import type { StudyInput } from "../src/study/study-schema.ts";
import { ending, start } from "./run-command.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { writeTinyDataset } from "./tiny-dataset.ts";

const folder = temporaryFolder("study emit");
/** Beside the data, since a pod mounts one volume: the clone may have no folder but the root in common with it. */
const model = join(folder, "backbone");
const data = join(folder, "stripes");
/** Two trials choose a rate, two test it. */
const small: StudyInput = {
  ...{ model, data: [data], methods: ["rlrr"], imageSize: 32, seeds: 2 },
  recipe: { epochs: 1, start: "zero", scheduleUnit: "epoch" },
  tune: { learningRate: [1e-3, 1e-2] },
};

async function collect(options: StudyOptions): Promise<StudyEvent[]> {
  const events: StudyEvent[] = [];
  for await (const event of study(options)) events.push(event);
  return events;
}
const tableIn = (out: string): string =>
  readFileSync(join(out, "table.md"), "utf8").split("## Time and memory")[0] ?? "";

describe("a study through a queue", { timeout: 300_000 }, () => {
  const whole = join(folder, "whole");
  beforeAll(async () => {
    cpSync(new URL("../assets/demo/backbone", import.meta.url), model, { recursive: true });
    await writeTinyDataset(data, { train: 10, val: 4 });
    await collect({ out: whole, study: small, processes: 1 });
  }, 300_000);

  it("runs trials one by one, in any order that leaves choosing first, to the same table", async () => {
    const out = join(folder, "apart");
    const { files, trials } = await emitStudy({ out, study: small, emit: "k8s" });
    expect(trials).toEqual({ tuning: 2, final: 2 });
    expect(files).toEqual(
      ["k8s-1-choose.json", "k8s-2-test.json", "k8s-3-table.json"].map((name) => join(out, name)),
    );
    await expect(collect({ out, trial: 3 })).rejects.toThrow(
      new InputError(
        "Trial 3 has the setting that others choose, of which 2 are not recorded yet: 0, 1. Run these first.",
      ),
    );
    await collect({ out, trial: 1 });
    await collect({ out, trial: 0 });
    expect(await collect({ out, trial: 0 })).toContainEqual({
      ...{ type: "note", message: "Trial 0 is recorded already." },
    });
    // At the same time, as on two machines.
    await Promise.all([collect({ out, trial: 3 }), collect({ out, trial: 2 })]);
    expect(readdirSync(join(out, "results"))).toHaveLength(4);
    const events = await collect({ out });
    expect(events.filter(({ type }) => type === "trial")).toEqual([]);
    expect(tableIn(out)).toBe(tableIn(whole));
    expect(existsSync(join(out, "results"))).toBe(false);
    expect(existsSync(join(out, "trials"))).toBe(false);
  });

  it("refuses a trial that is not there, a study beside it, and a queue that is unknown", async () => {
    const out = join(folder, "refused");
    await emitStudy({ out, study: small, emit: "slurm" });
    await expect(collect({ out, trial: 4 })).rejects.toThrow(
      new InputError("trial must be below 4, the number of the study's trials, got 4."),
    );
    await expect(collect({ out, trial: 0.5 })).rejects.toThrow(
      new InputError("trial must be a whole number from 0, got 0.5."),
    );
    await expect(collect({ out, study: small, trial: 0 })).rejects.toThrow(
      `trial runs a trial of the study that is in ${out}, as it is there. Leave out all that says what to study.`,
    );
    await expect(collect({ out: join(folder, "none"), trial: 0 })).rejects.toThrow("holds no study yet");
    await expect(emitStudy({ out, study: small, emit: "pbs" as never })).rejects.toThrow(
      new InputError('emit must be slurm or k8s, got "pbs".'),
    );
  });

  it("is written for Kubernetes as Jobs whose pods run a trial each", async () => {
    const out = join(folder, "jobs");
    const { files } = await emitStudy({ out, study: small, emit: "k8s" });
    const [choose, test, table] = files.map((file) => JSON.parse(readFileSync(file, "utf8")).items);
    expect(choose).toHaveLength(1);
    // A second study in the same namespace has jobs of other names.
    const other = await emitStudy({ out: join(folder, "more-jobs"), study: small, emit: "k8s" });
    const namesIn = (all: readonly string[]) =>
      all.flatMap((file) =>
        JSON.parse(readFileSync(file, "utf8")).items.map(
          (job: { readonly metadata: { readonly name: string } }) => job.metadata.name,
        ),
      );
    expect(new Set([...namesIn(files), ...namesIn(other.files)]).size).toBe(6);
    expect(namesIn(files)[0]).toMatch(/^rlrr-choose-[0-9a-f]{8}$/);
    expect(choose[0]).toMatchObject({
      ...{ apiVersion: "batch/v1", kind: "Job" },
      spec: { completionMode: "Indexed", completions: 2 },
    });
    const commandOf = (job: {
      spec: { template: { spec: { containers: { command: string[] }[] } } };
    }): string | undefined => job.spec.template.spec.containers[0]?.command.at(-1);
    expect(commandOf(choose[0])).toBe(`rlrr study --out '${out}' --trial $((0 + JOB_COMPLETION_INDEX))`);
    expect(commandOf(test[0])).toBe(`rlrr study --out '${out}' --trial $((2 + JOB_COMPLETION_INDEX))`);
    expect(commandOf(table[0])).toBe(`rlrr study --out '${out}'`);
  });

  it("is refused for Kubernetes where nothing but the root is common", () => {
    const counts = { tuning: 1, final: 1 };
    expect(() =>
      manifestsFor("k8s", { out: "/studies/mine", counts, threads: 1, reads: ["/data/pets", "/models/vit"] }),
    ).toThrow(
      new InputError(
        "The study, its data and its model have no folder in common but /, and a pod mounts one volume. Put them below one folder: /studies/mine, /data/pets, /models/vit.",
      ),
    );
  });

  it.skipIf(process.platform === "win32")("is submitted to Slurm by the script that is written", async () => {
    const out = join(folder, "it's queued");
    const tools = join(folder, "tools");
    mkdirSync(tools);
    const tool = (name: string, text: string) => {
      writeFileSync(join(tools, name), `#!/bin/sh\n${text}\n`);
      chmodSync(join(tools, name), 0o755);
    };
    // A queue of one machine: sbatch runs the whole array at once and answers with a number.
    tool(
      "sbatch",
      `array=
while [ $# -gt 0 ]; do
  case "$1" in
    --array) array=$2; shift 2 ;;
    --wrap) wrap=$2; shift 2 ;;
    --dependency) echo "$2" >> "${tools}/dependencies"; shift 2 ;;
    --parsable) shift ;;
    --partition) echo "$2" >> "${tools}/partitions"; shift 2 ;;
    *) shift 2 ;;
  esac
done
if [ -z "$array" ]; then sh -c "$wrap" >&2
else
  for index in $(seq "\${array%-*}" "\${array#*-}"); do SLURM_ARRAY_TASK_ID=$index sh -c "$wrap" >&2; done
fi
echo 41`,
    );
    const bin = fileURLToPath(new URL("../bin/rlrr.mjs", import.meta.url));
    tool("rlrr", `exec "${process.execPath}" "${bin}" "$@"`);
    const emitted = start([
      ...["study", "--out", out, "--data", data, "--model", model, "--methods", "rlrr", "--image-size", "32"],
      ...["--seeds", "2", "--epochs", "1", "--learning-rate", "1e-3,1e-2", "--emit", "slurm"],
    ]);
    await ending(emitted);
    expect(emitted.exitCode).toBe(0);
    const submitted = spawnSync("sh", [join(out, "slurm.sh"), "--partition", "short"], {
      env: { ...process.env, PATH: `${tools}${delimiter}${process.env.PATH}` },
      encoding: "utf8",
    });
    expect(submitted.stderr).not.toContain("error:");
    // The last job had nothing left to train.
    expect(submitted.stderr).toContain("4 trials for 1 row, 4 of them done before");
    expect(submitted.stderr).toContain("The whole table is");
    expect(submitted.status).toBe(0);
    expect(readFileSync(join(tools, "dependencies"), "utf8")).toBe("afterany:41\nafterany:41\n");
    expect(readFileSync(join(tools, "partitions"), "utf8")).toBe("short\nshort\nshort\n");
    expect(readFileSync(join(out, "results.jsonl"), "utf8").trim().split("\n")).toHaveLength(4);
  });
});
