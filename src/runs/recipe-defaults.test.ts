import { describe, expect, it } from "vitest";
import { parseRecipe } from "../train/recipe.ts";
import { chosenOptions, recipeDefaults } from "./recipe-defaults.ts";

describe("recipeDefaults", () => {
  it.each([[{}], [{ epochs: 7 }], [{ epochs: 234 }]])("are what training fills in for %j", (given) => {
    const { checkpointSeconds: _, ...recipe } = parseRecipe({ name: "official", ...given });
    expect({ ...recipeDefaults(given), ...given }).toEqual(recipe);
  });
});

describe("chosenOptions", () => {
  const always = { recipe: "official", epochs: 100, batchSize: 32, learningRate: 1e-3, seed: 42 };

  it.each([
    [{}, {}],
    [{ epochs: 20, warmupEpochs: 2 }, { epochs: 20 }],
    [{ warmupEpochs: 2 }, { warmupEpochs: 2 }],
    [
      { consistency: 1, consistencyNoise: 0.4, dropPath: 0.1 },
      { dropPath: 0.1, consistency: 1, consistencyNoise: 0.4 },
    ],
    [
      { start: "probe", scheduleUnit: "step" },
      { start: "probe", scheduleUnit: "step" },
    ] as const,
    [{ checkpointSeconds: 0 }, {}],
  ] as const)("of %j are the five that every run is told by, and the rest of it", (given, others) => {
    const recipe = parseRecipe({ name: "official", ...given });
    expect(chosenOptions(recipe)).toEqual({ ...always, ...others });
    const names = Object.keys(chosenOptions(recipe));
    expect(names.slice(0, 5)).toEqual(Object.keys(always));
  });

  it("are some of what an older version recorded", () => {
    expect(chosenOptions({ epochs: 3, dropout: 0.1, keptEpoch: 2 })).toEqual({ epochs: 3, dropout: 0.1 });
  });
});
