/** The command `rlrr`: its sub-commands, and their exit codes. */

import { Command } from "commander";
import { version } from "../version.ts";
import { analyzeCommand } from "./analyze.ts";
import { benchCommand } from "./bench.ts";
import { combineCommand } from "./combine.ts";
import { demoCommand } from "./demo.ts";
import { evaluateCommand } from "./evaluate.ts";
import { exitCodeOf, showError } from "./exit.ts";
import { exportCommand } from "./export.ts";
import { inspectCommand } from "./inspect.ts";
import { mergeCommand } from "./merge.ts";
import { methodsCommand } from "./methods.ts";
import { errorStream, print, tell } from "./output.ts";
import { packCommand } from "./pack.ts";
import { predictCommand } from "./predict.ts";
import { pushCommand } from "./push.ts";
import { relabelCommand } from "./relabel.ts";
import { studyCommand } from "./study.ts";
import { trainCommand } from "./train.ts";
import { workerCommand } from "./worker.ts";
import { zeroShotCommand } from "./zero-shot.ts";

const rlrrCommand = (): Command =>
  new Command("rlrr")
    .description(
      "Adapt a pre-trained Vision Transformer to your own images, by training 0.3 million parameters.",
    )
    .version(version)
    .addCommand(demoCommand())
    .addCommand(trainCommand())
    .addCommand(zeroShotCommand())
    .addCommand(evaluateCommand())
    .addCommand(relabelCommand())
    .addCommand(predictCommand())
    .addCommand(mergeCommand())
    .addCommand(combineCommand())
    .addCommand(pushCommand())
    .addCommand(exportCommand())
    .addCommand(packCommand())
    .addCommand(inspectCommand())
    .addCommand(analyzeCommand())
    .addCommand(methodsCommand())
    .addCommand(studyCommand())
    .addCommand(workerCommand())
    .addCommand(benchCommand())
    .addHelpText(
      "after",
      `
Begin with:
  rlrr demo                                              adapt the model that comes with this program
  rlrr inspect photos/                                   describe a folder of images
  rlrr train --model google/vit-base-patch16-224-in21k --data photos/ --out runs/photos
  rlrr evaluate --adapter runs/photos --data photos/
  rlrr predict --adapter runs/photos new.jpg
Exit codes: 0 done, 1 the machine or this program failed, 2 the input is wrong, 130 interrupted.`,
    );

const withSubCommands = (command: Command): Command[] => [
  command,
  ...command.commands.flatMap(withSubCommands),
];

/** A name that is no command is what is wrong, even where help is asked for: Commander would show the help of the one above. */
function upToUnknown(program: Command, args: readonly string[]): readonly string[] {
  let command = program;
  for (const [index, name] of args.entries()) {
    const next = command.commands.find((known) => known.name() === name);
    if (next) command = next;
    else if (name.startsWith("-") || name === "help" || command.commands.length === 0) break;
    else return args.slice(0, index + 1);
  }
  return args;
}

/** Runs `rlrr` with these arguments; whatever goes wrong has been told when the exit code comes. */
export async function runProgram(args: readonly string[]): Promise<number> {
  const program = rlrrCommand();
  let asked = "";
  const output = {
    writeOut: (text: string) => {
      asked += text;
    },
    // Errors quote what was typed; all else that comes here is help, which is laid out already.
    writeErr: (text: string) => (text.startsWith("error:") ? tell(text.trimEnd()) : errorStream.write(text)),
  };
  for (const command of withSubCommands(program))
    command.exitOverride().showSuggestionAfterError().configureOutput(output);
  try {
    await program.parseAsync(upToUnknown(program, args), { from: "user" }).catch(async (error: unknown) => {
      // Help and version, which Commander ends with.
      if (asked !== "") await print(asked);
      throw error;
    });
    return 0;
  } catch (error) {
    // What stands behind `--` are files, whatever their names.
    const flags = args.slice(0, [...args, "--"].indexOf("--"));
    await showError(error, { json: flags.includes("--json") });
    return exitCodeOf(error);
  }
}
