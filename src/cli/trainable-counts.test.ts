import { describe, expect, it } from "vitest";
import { variants } from "../model/variants.ts";
import { countTrainables } from "./trainable-counts.ts";

describe("countTrainables", () => {
  // The paper's table 2 prints 0.33 M for ViT-B: these, and a head of 0.04 M.
  it.each([
    ["vit-b16", {}, 0, 288_768],
    ["vit-l16", {}, 0, 765_952],
    ["vit-h14", {}, 0, 1_274_880],
    ["vit-b16", { side: "left" }, 0, 205_824],
    ["vit-b16", {}, 100, 365_668],
  ] as const)("counts RLRR in %s with %j and %d classes", (size, settings, classes, trainable) => {
    const { record } = countTrainables(variants[size], { method: "rlrr", settings, classes });
    expect(record).toMatchObject({
      method: "rlrr",
      trainable,
      headTrainable: classes === 0 ? 0 : 769 * classes,
      classes,
    });
  });

  it("takes settings without a method to be RLRR's, as training does", () => {
    const { record } = countTrainables(variants["vit-b16"], { settings: { side: "left" }, classes: 0 });
    expect(record).toMatchObject({ method: "rlrr", trainable: 205_824, options: { side: "left", rank: 1 } });
  });

  it("compares all methods where none is named", () => {
    const { record, text } = countTrainables(variants["vit-ti16"], { settings: {}, classes: 10 });
    expect(record).toEqual({
      classes: 10,
      methods: [
        { method: "rlrr", trainable: 74_122, headTrainable: 1930 },
        { method: "linear", trainable: 1930, headTrainable: 1930 },
        { method: "full", trainable: 5_526_346, headTrainable: 1930 },
        { method: "lora", trainable: 75_658, headTrainable: 1930 },
        { method: "ssf", trainable: 53_386, headTrainable: 1930 },
        { method: "vpt-deep", trainable: 24_970, headTrainable: 1930 },
        { method: "adaptformer", trainable: 41_194, headTrainable: 1930 },
      ],
    });
    expect(text).toMatchInlineSnapshot(`
      "Trainable parameters, with a head of 10 classes:
        method       parameters  of them the head's  the others, of the backbone   adapter
        ───────────  ──────────  ──────────────────  ───────────────────────────  ────────
        rlrr             74,122               1,930                       1.31 %  296.5 kB
        linear            1,930               1,930                       0.00 %    7.7 kB
        full          5,526,346               1,930                     100.00 %   22.1 MB
        lora             75,658               1,930                       1.33 %  302.6 kB
        ssf              53,386               1,930                       0.93 %  213.5 kB
        vpt-deep         24,970               1,930                       0.42 %   99.9 kB
        adaptformer      41,194               1,930                       0.71 %  164.8 kB"
    `);
  });

  it("refuses settings that the method does not have", () => {
    const options = { method: "full", settings: { rank: 2 }, classes: 0 };
    expect(() => countTrainables(variants["vit-b16"], options)).toThrow(
      "--method: method full has no option --rank. Known: none.",
    );
  });
});
