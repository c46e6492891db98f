import { describe, expect, it } from "vitest";
import { seededConfig, seededWeights, timmTensors } from "../../test/named-weights.ts";
import { FileError, InputError } from "../errors.ts";
import { needed } from "../needed.ts";
import type { ConfigureOptions } from "./family.ts";
import { labelsOfHead } from "./head-labels.ts";
import { checkImageSize, configureVit, type ModelHints } from "./model-hints.ts";
import { planVit, type VitPlan } from "./weight-plan.ts";

const plan = needed(planVit(timmTensors(seededWeights()), { where: "W" }), "plan");
const configure = (of: VitPlan, hints: ModelHints, options: ConfigureOptions) =>
  configureVit(of, { ...options, hints });
const hints: ModelHints = {
  where: "C",
  names: { depth: "num_hidden_layers", imageSize: "image_size" },
  heads: 2,
  layerNormEps: 1e-5,
  imageSize: [12, 12],
  labels: ["cat", "dog", "owl"],
};

describe("configure", () => {
  it("takes sizes from the weights and the rest from the configuration, without a note", () => {
    expect(configure(plan, hints, { where: "W" })).toEqual({
      config: { ...seededConfig, layerNormEps: 1e-5 },
      notes: [],
    });
  });

  it("infers what nothing gives, and notes it", () => {
    const wide = { ...plan, sizes: { ...plan.sizes, width: 1280 } };
    const { config, notes } = configure(wide, {}, { where: "W" });
    expect(config).toMatchObject({ heads: 16, layerNormEps: 1e-6, imageSize: [12, 12] });
    expect(notes).toEqual([
      "Image size 12 was inferred from 9 positions and patches of 4.",
      "No config.json says what the weights compute; assumed are exact GELU, norms before attention and MLP, a head that reads the CLS token, a layer-norm epsilon of 0.000001 (the default of timm) and 16 heads (from the width of 1280).",
    ]);
  });

  it("takes an image size that is not square from the configuration", () => {
    const tall = { ...hints, imageSize: [36, 4] as const };
    expect(configure(plan, tall, { where: "W" }).config.imageSize).toEqual([36, 4]);
  });

  it("asks for the heads of an architecture that is not known", () => {
    const { heads: _, ...silent } = hints;
    const unknown = { ...silent, unknownArchitecture: "vit_mine" };
    expect(() => configure(plan, unknown, { where: "W" })).toThrow(
      new InputError(
        'C: architecture "vit_mine" is not among those of timm whose number of heads is known, and weights do not tell it. Give it as heads.',
      ),
    );
    const { config, notes } = configure(plan, unknown, { where: "W", heads: 4 });
    expect(config.heads).toBe(4);
    expect(notes).toEqual([
      'Architecture "vit_mine" is not among those of timm that are known; assumed are exact GELU, norms before attention and MLP and a head that reads the CLS token.',
    ]);
  });

  it("takes the caller's heads where the config has none, and refuses others than the config's", () => {
    const { heads: _, ...silent } = hints;
    expect(configure(plan, silent, { where: "W", heads: 4 }).config.heads).toBe(4);
    expect(configure(plan, hints, { where: "W", heads: 2 }).config.heads).toBe(2);
    expect(() => configure(plan, { ...hints, where: "C" }, { where: "W", heads: 4 })).toThrow(
      new InputError("C says 2 heads, heads says 4. Leave the option out."),
    );
  });

  it.each<[ModelHints, string]>([
    [{ ...hints, width: 768 }, "C: width is 768, but the weights in W have 16."],
    [{ ...hints, depth: 12 }, "C: num_hidden_layers is 12, but the weights in W have 2."],
    [
      { ...hints, imageSize: [224, 224] },
      "C: image_size is 224 x 224, 3136 patches of 4, but the weights in W have positions for 9.",
    ],
    [{ ...hints, heads: 5 }, "C: 5 heads do not divide the width of 16."],
  ])("refuses a configuration that does not fit the weights (%#)", (wrong, message) => {
    expect(() => configure(plan, wrong, { where: "W" })).toThrow(new FileError(message));
  });

  it("refuses positions of no square grid, where nothing gives the image size", () => {
    const odd = { ...plan, sizes: { ...plan.sizes, tokens: 12 } };
    expect(() => configure(odd, { heads: 2 }, { where: "W" })).toThrow(
      new FileError(
        "W: the position embedding has 12 rows; CLS and a square number of patches are needed where no config.json gives an image size.",
      ),
    );
  });

  it("refuses heads that nothing tells, and heads that cannot be", () => {
    expect(() => configure(plan, {}, { where: "W" })).toThrow(
      new InputError(
        "W: width 16 is not a multiple of 64, so the number of heads cannot be inferred. Give it as heads.",
      ),
    );
    expect(() => configure(plan, { ...hints, heads: 3 }, { where: "W", heads: 3 })).toThrow(
      new InputError("Option heads is 3, which does not divide the width of 16 in W."),
    );
  });
});

describe("labelsOfHead", () => {
  const of = { classes: 3, from: "W" };

  it("names no labels where there is no head", () => {
    expect(labelsOfHead(hints, { ...of, classes: 0 })).toEqual({ labels: [], notes: [] });
    expect(labelsOfHead(hints, of)).toEqual({ labels: ["cat", "dog", "owl"], notes: [] });
  });

  it("refuses labels for a head of another size", () => {
    expect(() => labelsOfHead({ ...hints, labels: ["a", "b"] }, of)).toThrow(
      new FileError("C: it names 2 labels, but the head has 3 classes."),
    );
  });

  it("tells classes of one name apart by their number, and says so", () => {
    const { labels, notes } = labelsOfHead({ ...hints, labels: ["red", "green", "red"] }, of);
    expect(labels).toEqual(["red (0)", "green", "red (2)"]);
    expect(notes).toEqual([
      'C: classes 0 and 2 are all named "red"; they are called "red (0)" and "red (2)" here.',
    ]);
  });
});

describe("checkImageSize", () => {
  it("takes a side or two", () => {
    expect(checkImageSize(8, 4)).toEqual([8, 8]);
    expect(checkImageSize([8, 12], 4)).toEqual([8, 12]);
  });

  it.each([[14], [0], [8192], [4.5], [Number.NaN]])("refuses %d", (size) => {
    expect(() => checkImageSize(size, 4)).toThrow(
      new InputError(
        `Image size ${size} x ${size}: each side must be a multiple of the patch size 4, at most 4096.`,
      ),
    );
  });
});
