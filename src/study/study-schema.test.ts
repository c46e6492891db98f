import { describe, expect, it } from "vitest";
import { InputError } from "../errors.ts";
import { planStudy } from "./plan-study.ts";
import { parseStudy, type StudyInput } from "./study-schema.ts";

const sound: StudyInput = { model: "m", data: ["a"], methods: ["rlrr"] };

describe("parseStudy", () => {
  it.each<readonly [value: unknown, message: string]>([
    [3, "a study must be an object, got 3."],
    [
      { ...sound, sedes: 3 },
      'a study has no entry "sedes". Known: preset, model, data, methods, recipes, recipe, images, imageSize, heads, tune, tuneSeeds, seeds, select, reference, validationFraction, testFraction, skipBadImages, provider, threads, keepAdapters.',
    ],
    [
      { ...sound, preset: "vtap" },
      'preset must be vtab, fgvc, ablation-sides, ablation-init, ablation-rank, ablation-sites, compare, got "vtap".',
    ],
    [{ ...sound, data: [] }, "data must be a list of paths, or of objects with a path, got []."],
    [{ ...sound, data: ["a", 7] }, "data[1] must be a path, or an object with a path, got 7."],
    [{ ...sound, data: [{ paths: "a" }] }, "data[0].path must be a path, got nothing."],
    [
      { ...sound, methods: [{ name: "rlrr", option: {} }] },
      'methods[0] has no entry "option". Known: name, label, options, recipe, images, tune, tuneOptions.',
    ],
    [
      { ...sound, methods: [{ name: "rlrr", tune: { learningRate: 1 } }] },
      "methods[0].tune.learningRate must be a list of values, got 1.",
    ],
    [{ ...sound, tune: { learningRate: [] } }, "tune.learningRate must be a list of values, got []."],
    [
      { ...sound, seeds: 0 },
      "seeds must be a number of seeds from 1 to 1000, or a list of seeds from 0 to 4294967295, got 0.",
    ],
    [{ ...sound, seeds: [1, -1] }, "seeds[1] must be a seed from 0 to 4294967295, got -1."],
    [{ ...sound, select: "best" }, 'select must be val or test, got "best".'],
    [{ ...sound, testFraction: 1 }, "testFraction must be a number above 0 and below 1, got 1."],
    [{ ...sound, recipe: 5 }, "recipe must be an object of options, got 5."],
    [
      { ...sound, recipes: [{ recipe: {} }] },
      "recipes[0].label must be a name of one character at least, got nothing.",
    ],
  ])("refuses %j", (value, message) => {
    expect(() => parseStudy(value, "study.json")).toThrow(new InputError(`study.json: ${message}`));
  });
});

describe("planStudy", () => {
  it.each<readonly [study: StudyInput, message: string]>([
    [
      { methods: ["rlrr"] },
      "data is missing. What is given here says the whole study; an earlier one goes on by out alone.",
    ],
    [{ data: ["a"] }, "methods is missing."],
    [
      { ...sound, methods: ["rlrr", "rlrr"] },
      'methods: "rlrr" is there twice. Give each a label of its own.',
    ],
    [{ ...sound, seeds: [4, 4] }, 'seeds: "4" is there twice.'],
    [{ ...sound, data: ["a", "a"] }, 'data: "a" is there twice. Give each data set a name of its own.'],
    [{ ...sound, reference: "lora" }, 'reference must be one of the methods (rlrr), got "lora".'],
    [{ ...sound, seeds: 2, tuneSeeds: 3 }, "tuneSeeds must be at most the 2 seeds of the study, got 3."],
    [
      { ...sound, tune: Object.fromEntries(["a", "b", "c"].map((name) => [name, Array(100).fill(1)])) },
      "The study has up to 1,000,003 trials; at most 100,000 are run.",
    ],
    [
      { ...sound, recipes: ["officious"] },
      'recipes[0]: there is no recipe "officious". Known: default, official, official-vtab, official-fgvc, official-fgvc-aug.',
    ],
    [
      { ...sound, recipe: { seed: 3 } },
      "methods[0]: recipe option seed is not for single trials: of a study, seeds says which seeds are trained with.",
    ],
    [
      { ...sound, tune: { learningRate: [1e-3, -1] } },
      "methods[0]: learningRate must be a number above 0, got -1.",
    ],
    [
      { ...sound, methods: [{ name: "rlrr", options: { rank: 0 } }] },
      "methods[0]: method: option rank of method rlrr must be a whole number from 1 to 256, got 0.",
    ],
  ])("refuses %j", (study, message) => {
    expect(() => planStudy(study)).toThrow(new InputError(message));
  });

  it("lets what is said more closely win, and varies options of training and of methods", () => {
    const { cells, seeds, tuneSeeds } = planStudy({
      ...{ seeds: [7, 8], tuneSeeds: 2, recipe: { epochs: 1, dropout: 0.1, batchSize: 4 } },
      data: ["x/a", { path: "y/a", name: "b", recipe: { dropout: 0.2, epochs: 2 } }],
      methods: [
        "linear",
        {
          name: "rlrr",
          label: "ranks",
          recipe: { epochs: 3 },
          tuneOptions: { rank: [1, 2] },
          tune: { learningRate: [1, 2] },
        },
      ],
      recipes: ["default", { label: "half", name: "official", recipe: { batchSize: 8 } }],
    });
    expect({ seeds, tuneSeeds }).toEqual({ seeds: [7, 8], tuneSeeds: [7, 8] });
    expect(cells.map(({ data, method, recipe }) => [data.name, method.label, recipe])).toEqual(
      ["a", "b"].flatMap((data) =>
        ["linear", "ranks"].flatMap((method) => ["default", "half"].map((recipe) => [data, method, recipe])),
      ),
    );
    const last = cells.at(-1);
    expect(last?.settings.map(({ varied }) => varied)).toEqual([
      { learningRate: 1, rank: 1 },
      { learningRate: 1, rank: 2 },
      { learningRate: 2, rank: 1 },
      { learningRate: 2, rank: 2 },
    ]);
    expect(last?.settings[3]).toMatchObject({
      method: { name: "rlrr", options: { rank: 2 } },
      recipe: { name: "official", epochs: 3, dropout: 0.2, batchSize: 8, learningRate: 2 },
    });
  });

  it("varies nothing of a probe, which has no steps", () => {
    const { cells } = planStudy({
      ...sound,
      methods: ["linear", "rlrr"],
      tune: { learningRate: [1e-3, 1e-2] },
    });
    expect(cells.map(({ settings }) => settings.length)).toEqual([1, 2]);
  });

  it("takes the official options of each set by its name", () => {
    const [dtd] = planStudy({ ...sound, data: ["vtab/dtd"], recipes: ["official-vtab"] }).cells;
    expect(dtd).toMatchObject({ images: { flip: true, crop: "none", interpolation: "bicubic" } });
    expect(dtd?.settings[0]?.recipe).toMatchObject({
      learningRate: 2e-3,
      weightDecay: 5e-5,
      dropout: 0.1,
      epochs: 100,
    });
    expect(() => planStudy({ ...sound, recipes: ["official-fgvc"] })).toThrow(
      'recipes[0]: recipe official-fgvc has options for each data set of its benchmark, and "a" is none of them. Known: CUB_200_2011, NABirds, OxfordFlowers, StanfordDogs, StanfordCars. Name the data set so, or choose another recipe.',
    );
  });
});
