import { describe, expect, it } from "vitest";
import { scorePredictions } from "../predict/scorer.ts";
import { describeUses } from "./describe-uses.ts";
import type { EvaluatedSplit, UseCounts } from "./evaluation.ts";

/** What is said of ten images, warnings in capitals. */
function say(split: EvaluatedSplit, uses?: Partial<UseCounts>): readonly string[] {
  const metrics = scorePredictions({ logits: new Float32Array(20), labels: Array(10).fill(0), classes: 2 });
  const counts = { trainedOn: 0, validated: 0, heldOutCorrect: 0, knownBy: "content" as const, ...uses };
  const notices = describeUses({ split, classes: ["a", "b"], metrics, ...(uses && { uses: counts }) });
  return notices.map(({ warning, text }) => (warning ? `! ${text}` : text));
}

const little = "accuracy on images that were trained on says little of others.";

describe("describeUses", () => {
  it("warns where all, some or an unknown number were trained on", () => {
    expect(say("train", { trainedOn: 10 })).toEqual([`! Trained on all of these images; ${little}`]);
    expect(say("test", { trainedOn: 6, heldOutCorrect: 3 })).toEqual([
      `! 6 of these 10 images were trained on; ${little}`,
      "! Top-1 on the other 4: 75.00 % (95 % interval 30.06 to 95.44 %).",
    ]);
    expect(say("train")).toEqual([
      `! Which of these images the model was trained on is not known; ${little}`,
    ]);
  });

  it("says where none was, and what chose the epoch", () => {
    expect(say("test", {})).toEqual(["None of them was trained on."]);
    expect(say("held-out", { validated: 10 })).toEqual([
      "None of them was trained on.",
      "All of them chose the epoch to keep, so accuracy on them is somewhat too high.",
    ]);
    expect(say("held-out", { validated: 4 })[1]).toBe(
      "4 of these 10 images chose the epoch to keep, so accuracy on them is somewhat too high.",
    );
    expect(say("val")).toEqual([
      "Where the epoch to keep was chosen on them, accuracy on them is somewhat too high.",
    ]);
    expect(say("test")).toEqual([]);
  });

  it("says of a temperature that it was set on them", () => {
    const metrics = scorePredictions({ logits: new Float32Array(2), labels: [0], classes: 2 });
    const calibration = { ece: 0, loss: 0, brier: 0 };
    const notices = describeUses({
      ...{ split: "val", classes: ["a", "b"], metrics, reliability: { calibration, temperature: 0.9 } },
      uses: { trainedOn: 0, validated: 1, heldOutCorrect: 1, knownBy: "content" },
    });
    expect(notices.at(-1)?.text).toBe(
      "They set the temperature too, so the calibration error on them is somewhat too low.",
    );
  });

  it("says where only the seed tells", () => {
    expect(say("held-out", { knownBy: "seed" }).at(-1)).toBe(
      "Told by the seed of the validation split, as this adapter does not record its images.",
    );
  });
});
