/** The named recipes of studies against what the official scripts really ask for, which parity/make_recipe_golden.py noted. */

import { describe, expect, it } from "vitest";
import { namedRecipe, replaceIn } from "../src/runs/named-recipes.ts";
import { learningRateOf, parseRecipe } from "../src/train/recipe.ts";
import { readGolden } from "./golden.ts";

interface Asked {
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly dropPath: number;
  readonly batchSize: number;
  /** FGVC's transforms flip always. */
  readonly flip: boolean | null;
  readonly dropLast: boolean;
  readonly loss: string;
  readonly mixup?: {
    readonly mixup_alpha: number;
    readonly cutmix_alpha: number;
    readonly label_smoothing: number;
  };
  readonly ema?: { readonly decay: number };
  readonly testedOn: "model" | "average";
  readonly epochs: number;
  readonly rates: string;
}
const { scripts, schedules } = readGolden<{
  readonly scripts: Readonly<Record<string, Readonly<Record<string, Asked>>>>;
  readonly schedules: Readonly<Record<string, readonly number[]>>;
}>("official-recipes");

const recipes = {
  train_vtab: "official-vtab",
  train_fgvc: "official-fgvc",
  train_fgvc_aug: "official-fgvc-aug",
};
const cases = Object.entries(recipes).flatMap(([script, name]) =>
  Object.entries(scripts[script] ?? {}).map(([data, asked]) => ({ name, data, asked })),
);

describe("options in place of a recipe's", () => {
  it("win, and another schedule leaves its restarts out", () => {
    const { recipe } = namedRecipe("official-fgvc", { data: "CUB_200_2011", where: "test" });
    expect(recipe).toMatchObject({ schedule: "cosine-restarts", restartEpochs: 5, restartFactor: 1 });
    const own = replaceIn(recipe, { schedule: "linear", epochs: 3 });
    expect(own).toMatchObject({ schedule: "linear", epochs: 3, batchSize: 32 });
    expect(own).not.toHaveProperty("restartEpochs");
    expect(() => parseRecipe(own)).not.toThrow();
    expect(replaceIn(recipe, { restartFactor: 2 })).toEqual({ ...recipe, restartFactor: 2 });
  });
});

describe("official recipes", () => {
  it("are of all 29 trainings", () => expect(cases).toHaveLength(19 + 5 + 5));

  it.each(cases)("train as the scripts do: $name, $data", ({ name, data, asked }) => {
    const part = namedRecipe(name, { data, where: "test" });
    const recipe = parseRecipe(part.recipe);
    expect({
      ...{ learningRate: recipe.learningRate, weightDecay: recipe.weightDecay, dropPath: recipe.dropout },
      ...{ batchSize: recipe.batchSize, flip: part.images.flip ?? false, testedOn: testedOn(recipe) },
    }).toEqual({
      ...{ learningRate: asked.learningRate, weightDecay: asked.weightDecay, dropPath: asked.dropPath },
      ...{ batchSize: asked.batchSize, flip: asked.flip ?? true, testedOn: asked.testedOn },
    });
    expect([recipe.mixup, recipe.cutmix, recipe.labelSmoothing, recipe.emaDecay]).toEqual([
      ...[asked.mixup?.mixup_alpha ?? 0, asked.mixup?.cutmix_alpha ?? 0, asked.mixup?.label_smoothing ?? 0],
      asked.ema?.decay ?? 0,
    ]);
    // A schedule without restarts ends in ten epochs at almost nothing, which the recipes leave out.
    const rates = schedules[asked.rates] ?? [];
    const restarts = recipe.schedule === "cosine-restarts";
    expect(recipe.epochs).toBe(restarts ? asked.epochs : asked.epochs - 10);
    expect(rates).toHaveLength(asked.epochs);
    for (const [epoch, rate] of rates.entries()) {
      const ours = learningRateOf(recipe, { epoch, stepInEpoch: 0, stepsPerEpoch: 3 });
      expect(Math.abs(ours - rate), `epoch ${epoch}`).toBeLessThanOrEqual(1e-15);
    }
  });
});

const testedOn = ({ emaDecay }: { readonly emaDecay: number }) => (emaDecay > 0 ? "average" : "model");
