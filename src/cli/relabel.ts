/** rlrr relabel: the corrections that a reader of a report saved become a table to train on. */

import { Command, Option } from "commander";
import { type Relabelled, relabel } from "../node.ts";
import { interruption } from "./exit.ts";
import { dataHelp, jsonOption, withOptions } from "./options.ts";
import { print, say, tell } from "./output.ts";

export const relabelCommand = (): Command =>
  withOptions(
    new Command("relabel").description(
      "correct labels: a new table of a data set, the images stay as they are",
    ),
    [
      new Option("--data <path>", "the labelled images that were evaluated").makeOptionMandatory(),
      new Option("--out <file.csv>", "the new table, beside the data").makeOptionMandatory(),
      jsonOption(),
    ],
  )
    .argument("<corrections.csv>", "what the report of rlrr evaluate saved")
    .addHelpText(
      "after",
      `${dataHelp}

Examples:
  rlrr evaluate --adapter runs/flowers --data flowers/ --report flowers.html
  rlrr relabel corrections.csv --data flowers/ --out flowers-2.csv
  rlrr train --continue-from runs/flowers --data flowers-2.csv --out runs/flowers-2
In the report, say of a mistake that its label is correct, which class it should be, or that
it shows none; "Save corrections" downloads the file. Columns: file, sha256, old_label,
action (keep, relabel, remove), new_label.`,
    )
    .action(runRelabel);

interface Flags {
  readonly data: string;
  readonly out: string;
  readonly json?: boolean;
}

async function runRelabel(corrections: string, { data, out, json = false }: Flags): Promise<void> {
  const relabelled = await relabel(corrections, { data, out, signal: interruption });
  for (const note of relabelled.notes) tell(note);
  if (json) await print(`${JSON.stringify({ type: "relabelled", ...relabelled })}\n`);
  else await say(renderRelabelled(relabelled));
}

function renderRelabelled({ out, changes, confirmed, newClasses, images, classes }: Relabelled): string {
  const removed = changes.filter(({ to }) => to === undefined).length;
  const counts = Object.entries(images).flatMap(([split, count]) => (count > 0 ? [`${count} ${split}`] : []));
  return [
    ...changes.map(({ file, from, to }) => `${file}: ${from} → ${to ?? "left out"}`),
    `${amount(changes.length - removed, "label")} changed, ${amount(removed, "image")} left out, ${amount(confirmed, "image")} confirmed.`,
    ...(newClasses.length > 0 ? [`New in the data: ${newClasses.join(", ")}.`] : []),
    `${out} lists ${counts.join(", ")} images of ${classes.length} classes. Give it to rlrr train as --data.`,
  ].join("\n");
}

const amount = (count: number, noun: string): string =>
  `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
