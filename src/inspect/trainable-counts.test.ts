import { describe, expect, it } from "vitest";
import { methods } from "../methods/methods.ts";
import { swinVariants } from "../model/swin-variants.ts";
import { vitVariants as variants } from "../model/variants.ts";
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
    const record = countTrainables(variants[size], { method: "rlrr", settings, classes });
    expect(record).toMatchObject({
      method: "rlrr",
      trainable,
      headTrainable: classes === 0 ? 0 : 769 * classes,
      classes,
    });
  });

  it("takes settings without a method to be RLRR's, as training does", () => {
    const record = countTrainables(variants["vit-b16"], { settings: { side: "left" }, classes: 0 });
    expect(record).toMatchObject({ method: "rlrr", trainable: 205_824, options: { side: "left", rank: 1 } });
  });

  it("compares all methods where none is named", () => {
    const record = countTrainables(variants["vit-ti16"], { settings: {}, classes: 10 });
    expect(record).toEqual({
      classes: 10,
      methods: [
        { method: "rlrr", trainable: 74_122, headTrainable: 1930 },
        { method: "linear", trainable: 1930, headTrainable: 1930 },
        { method: "full", trainable: 5_526_346, headTrainable: 1930 },
        ...methods
          .slice(3)
          .map(({ name: method }) => expect.objectContaining({ method, headTrainable: 1930 })),
      ],
      unsuited: [],
    });
  });

  it("says of each method that cannot train a model why, and counts the others", () => {
    const record = countTrainables(swinVariants["swin-t"], { settings: {}, classes: 0 });
    if (!("unsuited" in record)) throw new Error("one method was counted");
    expect(record.unsuited.map(({ method }) => method)).toEqual([
      ...["vpt-deep", "vpt-shallow", "fact-tt", "fact-tk"],
    ]);
    expect(record.unsuited[0]?.why).toBe(
      "Prompts are tokens that a method adds, but this model takes none: its tokens are a map that is cut into windows.",
    );
    expect(record.methods).toHaveLength(methods.length - 4);
  });

  it("refuses settings that the method does not have", () => {
    const options = { method: "full", settings: { rank: 2 }, classes: 0 };
    expect(() => countTrainables(variants["vit-b16"], options)).toThrow(
      "method: method full has no option rank. Known: blocks.",
    );
  });
});
