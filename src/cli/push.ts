/** rlrr push: an adapter or a model goes to the Hugging Face hub; what is sent is listed first. */

import { Argument, Command, Option } from "commander";
import { push } from "../node.ts";
import { interruption } from "./exit.ts";
import { jsonOption, withOptions } from "./options.ts";
import { print, say, tell } from "./output.ts";
import { chooseProgressMode, openProgress } from "./progress.ts";
import { renderPlan, renderPushed } from "./render-push.ts";
import { slowly } from "./slow-progress.ts";

export const pushCommand = (): Command =>
  withOptions(
    new Command("push")
      .description("push an adapter or a model to the Hugging Face hub")
      .addArgument(
        new Argument(
          "<folder>",
          "a run of rlrr train, an adapter, or the folder of a model, merged or exported",
        ),
      ),
    [
      new Option(
        "--to <owner/name>",
        "the repository, which is made if it is not there",
      ).makeOptionMandatory(),
      new Option(
        "--private",
        "make it private; otherwise it is as its owner's repositories are, mostly public",
      ),
      new Option("--overwrite", "replace files of the repository that differ"),
      new Option("--leave-out <file...>", "files that are not sent"),
      new Option("--dry-run", "list what would be sent, and send nothing"),
      jsonOption(),
    ],
  )
    .addHelpText(
      "after",
      `
HF_TOKEN is a token of yours that may write; HF_ENDPOINT names another hub.
Of a run only its adapter is sent. What is sent is listed first, with all that
is left out. A push that was interrupted goes on when it is run again.

Examples:
  rlrr push runs/flowers --to ada/flowers --dry-run
  rlrr push runs/flowers --to ada/flowers --private`,
    )
    .action(runPush);

interface Flags {
  readonly to: string;
  readonly private?: boolean;
  readonly overwrite?: boolean;
  readonly leaveOut?: readonly string[];
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

async function runPush(source: string, { json = false, ...flags }: Flags): Promise<void> {
  const progress = openProgress({ mode: chooseProgressMode(process.stderr, { json }) });
  const task = slowly(progress, { label: "pushing", unit: "MB" });
  const write = (record: object) => print(`${JSON.stringify(record)}\n`);
  try {
    const pushed = await push(source, {
      ...flags,
      signal: interruption,
      onPlan: async (plan) => {
        await (json ? write({ type: "plan", ...plan }) : say(renderPlan(plan, flags)));
      },
      onProgress: (done, total) => task(Math.floor(done / 1e6), Math.ceil(total / 1e6)),
    });
    progress.clear();
    if (pushed) await (json ? write({ type: "pushed", ...pushed }) : say(renderPushed(pushed)));
  } catch (error) {
    if (interruption.aborted) tell("What has arrived is not sent again: run the same command to go on.");
    throw error;
  } finally {
    progress.close();
  }
}
