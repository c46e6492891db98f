/** Puts what `--help` prints into docs/command.md: npx tsx scripts/fill-help.ts */

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { analyzeCommand } from "../src/cli/analyze.ts";
import { benchCommand } from "../src/cli/bench.ts";
import { combineCommand } from "../src/cli/combine.ts";
import { demoCommand } from "../src/cli/demo.ts";
import { evaluateCommand } from "../src/cli/evaluate.ts";
import { exportCommand } from "../src/cli/export.ts";
import { inspectCommand } from "../src/cli/inspect.ts";
import { mergeCommand } from "../src/cli/merge.ts";
import { methodsCommand } from "../src/cli/methods.ts";
import { packCommand } from "../src/cli/pack.ts";
import { predictCommand } from "../src/cli/predict.ts";
import { pushCommand } from "../src/cli/push.ts";
import { relabelCommand } from "../src/cli/relabel.ts";
import { studyCommand } from "../src/cli/study.ts";
import { trainCommand } from "../src/cli/train.ts";
import { workerCommand } from "../src/cli/worker.ts";
import { zeroShotCommand } from "../src/cli/zero-shot.ts";

const factories = [
  trainCommand,
  zeroShotCommand,
  evaluateCommand,
  relabelCommand,
  predictCommand,
  mergeCommand,
  pushCommand,
  combineCommand,
  exportCommand,
  packCommand,
  inspectCommand,
  analyzeCommand,
  methodsCommand,
  studyCommand,
  workerCommand,
  benchCommand,
  demoCommand,
];

/** The sub-command that these words name, fresh, and the words that are left: its arguments. */
export function findCommand(words: readonly string[]): { command: Command; rest: readonly string[] } {
  const program = factories.reduce((made, make) => made.addCommand(make()), new Command("rlrr"));
  let found = program;
  let rest = words;
  for (const word of words) {
    const inner: Command | undefined = found.commands.find((made) => made.name() === word);
    if (!inner) break;
    found = inner;
    rest = rest.slice(1);
  }
  if (found === program) throw new Error(`There is no command "rlrr ${words[0]}".`);
  return { command: found, rest };
}

/** What `rlrr … --help` prints on a terminal of 100 columns. */
export function helpOf(words: readonly string[]): string {
  const parts: string[] = [];
  findCommand(words)
    .command.configureOutput({ writeOut: (part) => parts.push(part), getOutHelpWidth: () => 100 })
    .outputHelp();
  return parts.join("").trimEnd();
}

/** The text with each block that begins with `$ rlrr … --help` filled. */
export const fillHelp = (text: string): string =>
  text.replaceAll(
    /^```text\n\$ rlrr (.+) --help\n[\s\S]*?^```$/gm,
    (_, words: string) => `\`\`\`text\n$ rlrr ${words} --help\n${helpOf(words.split(" "))}\n\`\`\``,
  );

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = new URL("../docs/command.md", import.meta.url);
  writeFileSync(page, fillHelp(readFileSync(page, "utf8")));
}
