/** rlrr methods: what each tuning method trains, and its options. */

import { Argument, Command } from "commander";
import { InputError, type Method, methods } from "../index.ts";
import { inspect } from "../node.ts";
import { renderTable } from "../table.ts";
import { renderHelp, settingFlag, settingsOf } from "./method-options.ts";
import { jsonOption } from "./options.ts";
import { print, say } from "./output.ts";
import { renderCount } from "./render-facts.ts";

/** The model whose parameters are counted, as the papers do. */
const size = "vit-b16";

export const methodsCommand = (): Command =>
  new Command("methods")
    .description("list the tuning methods, or the options of one")
    .addArgument(new Argument("[name]", "one of them"))
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  rlrr methods
  rlrr methods lora
  rlrr train --method lora --rank 4 --data flowers/ --out runs/lora
docs/methods.md has their equations and sources.`,
    )
    .action(runMethods);

/** What the command prints of one method. */
interface Described {
  readonly name: string;
  readonly summary: string;
  /** Trainable parameters in ViT-B/16, without a head. */
  readonly trainable: number;
  /** Why not, where it does not. */
  readonly merges: true | string;
  readonly learningRate: number;
  readonly recipe: Method["recipe"];
  readonly options: Readonly<Record<string, { readonly default: unknown; readonly help: string }>>;
}

async function runMethods(name: string | undefined, { json = false }: { json?: boolean }): Promise<void> {
  const chosen = name === undefined ? methods : methods.filter((method) => method.name === name);
  if (chosen.length === 0)
    throw new InputError(
      `There is no method "${name}". Known: ${methods.map((method) => method.name).join(", ")}.`,
    );
  const described = await Promise.all(chosen.map(describe));
  const [one] = chosen;
  const [only] = described;
  if (json) await print(`${JSON.stringify({ type: "methods", model: size, methods: described })}\n`);
  else await say(name !== undefined && one && only ? renderOne(one, only) : renderAll(described));
}

async function describe(method: Method): Promise<Described> {
  const { name, summary, unmergeable, learningRate, recipe } = method;
  const record = await inspect(size, { method: { name, options: {} } });
  const trainable = "trainable" in record && typeof record.trainable === "number" ? record.trainable : 0;
  const options = Object.fromEntries(
    settingsOf(method).map(({ name: option, preset, help }) => [option, { default: preset, help }]),
  );
  return { name, summary, trainable, merges: unmergeable ?? true, learningRate, recipe, options };
}

function renderAll(described: readonly Described[]): string {
  const columns = [
    { title: "method" },
    { title: "parameters", align: "right" },
    { title: "merges" },
    { title: "what it does", maxWidth: 120 },
  ] as const;
  const rows = described.map(({ name, trainable, merges, summary }) => [
    ...[name, renderCount(trainable), merges === true ? "yes" : "no", summary],
  ]);
  return `${renderTable(columns, rows)}

Parameters are those that train in ViT-B/16, beside the head. A method that merges leaves a plain model.
rlrr methods NAME lists the options of one.`;
}

function renderOne(
  method: Method,
  { name, summary, trainable, merges, learningRate, recipe }: Described,
): string {
  const settings = settingsOf(method).map((setting) => [settingFlag(setting.name), renderHelp(setting)]);
  const width = Math.max(...settings.map(([flag = ""]) => flag.length), 0);
  const rates = [learningRate, recipe?.learningRate ?? learningRate].map((rate) => rate.toExponential());
  return [
    `${name}: ${summary}`,
    "",
    `trains         ${renderCount(trainable)} parameters in ViT-B/16, beside the head`,
    `merges         ${merges === true ? "yes" : `no, ${merges}`}`,
    `learning rate  ${rates[0]}${rates[1] === rates[0] ? "" : `; ${rates[1]} with the default recipe`}`,
    ...(settings.length === 0
      ? []
      : ["", "Options:", ...settings.map(([flag = "", help]) => `  ${flag.padEnd(width)}  ${help}`)]),
  ].join("\n");
}
