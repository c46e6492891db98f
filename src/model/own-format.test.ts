import { describe, expect, it } from "vitest";
import { tinyModel } from "../../test/tiny-model.ts";
import { tinyVariations } from "../../test/tiny-variations.ts";
import { tiny } from "../../test/tiny-vit.ts";
import { FileError } from "../errors.ts";
import { modelShapes } from "./architectures.ts";
import { parseOwnConfig, planOwn, renderOwnConfig } from "./own-format.ts";

const config = tinyVariations["EVA-02"] ?? tiny;
const shapes = new Map([...modelShapes(config)].map(([name, shape]) => [name, { shape }]));

describe("our own format", () => {
  it("says all of a configuration, with a head and without", () => {
    for (const one of [config, { ...config, classes: 0 }])
      expect(parseOwnConfig(JSON.parse(JSON.stringify(renderOwnConfig(one))), "C")).toEqual(one);
  });

  it("refuses what is no configuration of ours", () => {
    const backbone = { ...config, rotary: "mine" };
    expect(() => parseOwnConfig({ model_type: "rlrr", backbone }, "C")).toThrow(
      new FileError('C: backbone.rotary is "mine", which is not valid. The file is damaged.'),
    );
  });

  it("refuses sizes that do not fit each other", () => {
    const backbone = { ...config, heads: 3 };
    expect(() => parseOwnConfig({ model_type: "rlrr", backbone }, "C")).toThrow(/^C: 3 heads cannot share/);
  });

  it("has every weight under its own name", () => {
    const plan = planOwn(shapes, { config, where: "W" });
    expect([...plan.origins.keys()]).toEqual([...tinyModel(config).weights.keys()]);
    expect(plan.classes).toBe(3);
  });

  it.each<[string, readonly number[] | undefined, string]>([
    ["cls", undefined, 'W: tensor "cls" is missing.'],
    ["cls", [16], 'W: tensor "cls" has shape [16]; this model needs [1, 1, 16].'],
    ["extra", [1], 'W: one tensor is no part of this model: "extra".'],
  ])("refuses weights that do not fit (%#)", (name, shape, message) => {
    const changed = new Map(shapes);
    if (shape) changed.set(name, { shape });
    else changed.delete(name);
    expect(() => planOwn(changed, { config, where: "W" })).toThrow(new FileError(message));
  });
});
