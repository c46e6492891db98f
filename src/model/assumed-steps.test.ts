import { describe, expect, it } from "vitest";
import { sayAssumedSteps } from "./assumed-steps.ts";
import { vitVariants as variants } from "./variants.ts";

describe("sayAssumedSteps", () => {
  const model = { id: "vit", config: variants["vit-ti16"] };
  const unsaid = "vit does not say how its images are prepared:";
  const squashed = "they are squashed to 224 x 224 pixels";
  const scaled = "their colours are scaled to mean 0.5 and std 0.5";

  it.each([
    [{}, [`${unsaid} ${squashed}, ${scaled}.`]],
    [{ flip: true }, [`${unsaid} ${squashed}, ${scaled}.`]],
    [{ crop: "center" }, [`${unsaid} ${scaled}.`]],
    [{ normalize: "imagenet" }, [`${unsaid} ${squashed}.`]],
    [{ resize: "short", normalize: "half" }, []],
  ] as const)("says what is taken for granted besides %j", (choices, notes) => {
    expect(sayAssumedSteps(model, choices)).toEqual(notes);
  });

  it("is silent about a model that says it", () => {
    expect(sayAssumedSteps({ ...model, preprocessing: [] })).toEqual([]);
  });
});
