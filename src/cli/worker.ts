/** rlrr worker: runs trials of studies from a queue. */

import { Command, Option } from "commander";
import { type WorkEvent, type WorkOptions, work } from "../node.ts";
import { interruption } from "./exit.ts";
import { jsonOption, wholeNumberOption, withOptions } from "./options.ts";
import { print, say } from "./output.ts";

export const workerCommand = (): Command =>
  withOptions(new Command("worker").description("run trials of studies that rlrr study --queue hands out"), [
    new Option(
      "--queue <address>",
      "redis://HOST:PORT of the Valkey or Redis server that the study was given",
    ).makeOptionMandatory(),
    wholeNumberOption("--processes <n>", "trials side by side (default: 1)"),
    new Option("--until-empty", "end once no trial is left, or none came in the first minute"),
    jsonOption(),
  ])
    .addHelpText(
      "after",
      `
Any number of workers, on any number of machines, share the trials of all studies
of a server. Paths of a study (its folder, data and model) must be the same on
each machine, as on a shared disk; a study with --bucket needs no shared disk, but
AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL_S3 and so on as the study has them.

Examples:
  rlrr study study.json --queue redis://server:6379 --out /shared/studies/mine
  rlrr worker --queue redis://server:6379 --processes 4
Ctrl-C saves the trials that run, and gives them back to the queue. Those of a worker
that was killed go to others, which go on from the last checkpoint.`,
    )
    .action(runWorker);

async function runWorker({
  json = false,
  ...flags
}: WorkOptions & { readonly json?: boolean }): Promise<void> {
  for await (const event of work({ ...flags, signal: interruption }))
    await (json ? print(`${JSON.stringify(event)}\n`) : say(lineOf(event)));
}

function lineOf(event: WorkEvent): string {
  switch (event.type) {
    case "ready":
      return `Takes trials from ${event.queue}, ${event.processes} at a time. Ctrl-C ends.`;
    case "taken":
      return `${event.trial}  ${event.method} on ${event.data}`;
    case "resumed":
      return `${event.trial}  resumes at step ${event.step}`;
    case "done":
      return `${event.trial}  done in ${event.seconds.toFixed(0)} s`;
    case "given-back":
      return `${event.trial}  given back, its state saved`;
    case "failed":
      return `${event.trial}  failed: ${event.message}`;
  }
}
