/** rlrr combine: several adapters of one base become one. */

import { Command, Option } from "commander";
import { InputError } from "../index.ts";
import { type Combination, type CombinedAdapter, combine, loadMethodFile } from "../node.ts";
import { type EngineFlags, engineOptions } from "./engine-options.ts";
import { interruption } from "./exit.ts";
import { ownMethodOption } from "./method-options.ts";
import { headsOption, jsonOption, modelHelp, modelOption, withOptions } from "./options.ts";
import { print, say } from "./output.ts";
import { showImages } from "./show-images.ts";
import { showReading } from "./show-reading.ts";

export const combineCommand = (): Command =>
  withOptions(
    new Command("combine").description(
      "combine adapters of one base into one adapter, which costs nothing at inference",
    ),
    [
      numbersOption("--weights <list>", "one for each adapter, as 0.3,0.7 (default: all alike, sum 1)"),
      new Option(
        "--by <what>",
        "sum what the adapters change in weights, or average what they trained, a soup (default: weights)",
      ).choices(["weights", "parameters"]),
      numbersOption(
        "--towards-base <list>",
        "how far to go towards the pre-trained model, from 0 to 1; of several, validation images choose (default: 0)",
      ),
      new Option(
        "--data <path>",
        "data whose validation images choose and calibrate: its validation split, or what no adapter was trained on",
      ),
      modelOption("the base (default: the one that the adapters were trained on)"),
      new Option("--out <folder>", "where the adapter goes").makeOptionMandatory(),
      ownMethodOption(),
      headsOption(),
      ...engineOptions(),
      jsonOption(),
    ],
  )
    .argument("<runs...>", "runs of rlrr train, or adapter folders, of one base and the same classes")
    .addHelpText(
      "after",
      `${modelHelp}

Examples:
  rlrr combine runs/seed1 runs/seed2 runs/seed3 --out soup
  rlrr combine runs/flowers --towards-base 0,0.25,0.5,0.75,1 --data flowers/ --out wise
  rlrr combine runs/rlrr runs/lora --weights 0.5,0.5 --out both
Without merging, rlrr predict and rlrr evaluate average the answers of adapters:
  rlrr evaluate --adapter runs/rlrr --adapter runs/lora --data flowers/`,
    )
    .action(runCombine);

/** Numbers with commas between them. */
const numbersOption = (flags: string, text: string): Option => {
  const option = new Option(flags, text);
  return option.argParser((given: string) => {
    const numbers = given.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
    if (numbers.every(Number.isFinite)) return numbers;
    throw new InputError(
      `${option.long} must be numbers with commas between them, as 0.3,0.7; got "${given}".`,
    );
  });
};

interface Flags extends EngineFlags {
  readonly weights?: readonly number[];
  readonly by?: Combination;
  readonly towardsBase?: readonly number[];
  readonly data?: string;
  readonly model?: string;
  readonly out: string;
  readonly method?: string;
  readonly heads?: number;
  readonly json?: boolean;
}

async function runCombine(runs: readonly string[], flags: Flags): Promise<void> {
  const { json = false, method: file, out, ...options } = flags;
  const method = file === undefined ? undefined : await loadMethodFile(file);
  const [reading, work] = [showReading({ json }), showImages({ json })];
  try {
    const combined = await combine(runs, out, {
      ...options,
      ...{ method, signal: interruption, onProgress: reading.show, onWork: work.show },
    });
    work.close();
    if (json) await print(`${JSON.stringify({ type: "combined", ...combined })}\n`);
    else await say(renderCombined(runs, combined));
  } finally {
    work.close();
    reading.close();
  }
}

function renderCombined(
  runs: readonly string[],
  { path, method, weights, by, isMergeable, towardsBase, curve }: CombinedAdapter,
): string {
  const shares = runs.map((run, at) => `${run} × ${Number((weights[at] ?? 0).toPrecision(4))}`).join(" + ");
  const points = curve.map(
    ({ towardsBase: at, top1, images, split, loss }) =>
      `  ${String(at).padEnd(6)} top-1 ${top1.toFixed(1)} % of ${images} ${split} images, loss ${loss.toFixed(4)}${curve.length > 1 && at === towardsBase ? "  kept" : ""}`,
  );
  return [
    ...(points.length > 0 ? ["Towards the base:", ...points] : []),
    ...(curve.length > 1
      ? ["These images chose, so the accuracy of what was kept is somewhat too high."]
      : []),
    `${path} is an adapter of method ${method.name}: ${shares}, by ${by}${towardsBase > 0 ? `, ${towardsBase} of the way to the base` : ""}.`,
    curve.length > 0
      ? "Its probabilities are calibrated on these images."
      : `Its probabilities are not calibrated; --data calibrates them.${isMergeable ? ` rlrr merge --adapter ${path} makes it a plain model.` : ""}`,
  ].join("\n");
}
