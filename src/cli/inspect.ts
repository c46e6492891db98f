/** rlrr inspect: what any file or folder is. */

import { Command, Option } from "commander";
import { chooseMethod, defaultMethod, models } from "../index.ts";
import { inspect } from "../node.ts";
import { interruption } from "./exit.ts";
import {
  helpOfMethod,
  methodOption,
  methodSettingOptions,
  methodSettings,
  resolveMethod,
  settingFlag,
} from "./method-options.ts";
import {
  dataHelp,
  headsOption,
  inGroup,
  jsonOption,
  modelHelp,
  wholeNumberOption,
  withOptions,
} from "./options.ts";
import { print, say, tell } from "./output.ts";
import { renderInspection } from "./render-inspection.ts";
import { showImages } from "./show-images.ts";
import { showReading } from "./show-reading.ts";

export const inspectCommand = (): Command =>
  withOptions(
    new Command("inspect")
      .description("describe a model, an adapter, a run, a data set or a file")
      .configureHelp(helpOfMethod()),
    [
      headsOption(),
      new Option("--tensors", "list every tensor"),
      jsonOption(),
      ...inGroup("What would train:", [
        methodOption(),
        ...methodSettingOptions(),
        wholeNumberOption("--classes <n>", "number of classes of the head (default: 0)", { least: 0 }),
      ]),
    ],
  )
    .argument(
      "<what>",
      `a file, a folder, a hub id, ${[...models.namedModels.keys()].join(", ")}, or a size: ${Object.keys(models.variants).join(", ")}`,
    )
    .addHelpText(
      "after",
      `${modelHelp}${dataHelp}

Examples:
  rlrr inspect photos/
  rlrr inspect runs/flowers
  rlrr inspect vit-b16 --method rlrr --classes 100
  rlrr inspect google/vit-base-patch16-224-in21k --tensors`,
    )
    .action(runInspect);

interface Flags {
  readonly heads?: number;
  readonly method?: string;
  readonly classes?: number;
  readonly tensors?: boolean;
  readonly json?: boolean;
}

async function runInspect(what: string, flags: Flags): Promise<void> {
  const { heads, classes, tensors, json = false } = flags;
  const name = flags.method === undefined ? undefined : await resolveMethod(flags.method);
  const options = methodSettings(flags);
  const asksMethod = name !== undefined || Object.keys(options).length > 0;
  if (asksMethod) chooseMethod({ name: name ?? defaultMethod, options }, "--method", { nameOf: settingFlag });
  const progress = showReading({ json });
  const images = showImages({ json });
  try {
    const inspection = await inspect(what, {
      ...{ heads, classes, tensors, signal: interruption, onProgress: progress.show, onImages: images.show },
      ...(asksMethod && { method: { name, options } }),
    });
    images.close();
    if (json) await print(`${JSON.stringify(inspection)}\n`);
    else await say(renderInspection(what, inspection));
    const named = models.namedModels.get(what);
    if (named && inspection.type !== "named" && inspection.type !== "model")
      tell(`${what} in the working directory was described, not the named model, which is ${named.hubId}.`);
  } finally {
    images.close();
    progress.close();
  }
}
