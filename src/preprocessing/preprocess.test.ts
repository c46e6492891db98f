import { describe, expect, it } from "vitest";
import { FileError } from "../errors.ts";
import { randomStream } from "../random.ts";
import { applyActions } from "./actions.ts";
import { applySteps, planSteps } from "./preprocess.ts";
import { defaultSteps } from "./step-list.ts";
import type { Step } from "./steps.ts";

const [, normalize] = defaultSteps([8, 8]) as [Step, Step];
const flip: Step = ["randomHorizontalFlip", { probability: 0.5 }];
const image = { width: 2, height: 1, pixels: Uint8Array.from([0, 128, 255, 51, 102, 204]) };

describe("applySteps", () => {
  it("gives [3, height, width] as torchvision's ToTensor and Normalize do", () => {
    const steps: Step[] = [["normalize", { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }]];
    // float32 of (byte / 255 - mean) / std, made with numpy.float32.
    expect([...applySteps(image, steps)]).toEqual([
      -2.1179039478302, -1.2445416450500488, 0.20518219470977783, -0.2499999701976776, 2.640000104904175,
      1.7511112689971924,
    ]);
  });

  it("flips when the number drawn is below the probability", () => {
    const unflipped = [...applySteps(image, [flip, normalize], { random: () => 0.5 })];
    const flipped = [...applySteps(image, [flip, normalize], { random: () => 0.49 })];
    expect(unflipped).toEqual([...applySteps(image, [normalize])]);
    expect(flipped).toEqual([1, 0, 3, 2, 5, 4].map((at) => unflipped[at]));
  });

  it("refuses to draw without random numbers", () => {
    expect(() => applySteps(image, [flip, normalize])).toThrow(
      "internal: a random step was planned without random numbers",
    );
  });
});

describe("planSteps", () => {
  const size = { width: 500, height: 375 };
  it("keeps the aspect ratio as torchvision does, cutting the longer side to whole pixels", () => {
    const short: Step = ["resizeShort", { size: 256, filter: "bicubic" }];
    const planned = (width: number, height: number) => planSteps([short], { width, height })[0];
    expect(planned(500, 375)).toEqual({ type: "resize", size: [256, 341], filter: "bicubic" }); // 256 · 500 / 375 = 341.3
    expect(planned(375, 500)).toEqual({ type: "resize", size: [341, 256], filter: "bicubic" });
    expect(planned(10, 10)).toEqual({ type: "resize", size: [256, 256], filter: "bicubic" });
  });

  it("follows the size from step to step", () => {
    const steps: Step[] = [
      ["resizeShort", { size: 256, filter: "box" }],
      ["centerCrop", { size: [224, 224] }],
      normalize,
    ];
    expect(planSteps(steps, size)[1]).toEqual({
      type: "crop",
      box: { top: 16, left: 58, height: 224, width: 224 },
    }); // (341 - 224) / 2 = 58.5
  });

  it("draws every place of a random crop, and none outside", () => {
    const { next } = randomStream(1);
    const places = new Set<string>();
    for (let round = 0; round < 300; round++) {
      const [action] = planSteps(
        [["randomCrop", { size: [3, 4] }]],
        { width: 6, height: 5 },
        { random: next },
      );
      if (action?.type === "crop") places.add(`${action.box.top},${action.box.left}`);
    }
    expect([...places].toSorted()).toEqual(["0,0", "0,1", "0,2", "1,0", "1,1", "1,2", "2,0", "2,1", "2,2"]);
  });

  it("centres an image on black that is smaller than its random crop", () => {
    expect(
      planSteps([["randomCrop", { size: [8, 4] }]], { width: 6, height: 5 }, { random: () => 0.99 }),
    ).toEqual([{ type: "crop", box: { top: -1, left: 2, height: 8, width: 4 } }]);
  });

  const area = (scale: [number, number], ratio: [number, number]): Step => [
    "randomResizedCrop",
    { size: [8, 8], scale, ratio, filter: "bilinear" },
  ];
  it("keeps area and aspect of a random resized crop within their ranges", () => {
    const { next } = randomStream(2);
    for (let round = 0; round < 200; round++) {
      const [box, resized] = planSteps([area([0.2, 0.6], [0.75, 4 / 3])], size, { random: next });
      if (box?.type !== "crop") throw new Error("a crop comes first");
      const { top, left, height, width } = box.box;
      expect(top >= 0 && left >= 0 && top + height <= 375 && left + width <= 500).toBe(true);
      expect((height * width) / (375 * 500)).toBeGreaterThan(0.19);
      expect((height * width) / (375 * 500)).toBeLessThan(0.61);
      expect(width / height).toBeGreaterThan(0.74);
      expect(width / height).toBeLessThan(1.35);
      expect(resized).toEqual({ type: "resize", size: [8, 8], filter: "bilinear" });
    }
  });

  it("falls back to the largest central box where none fits", () => {
    const boxOf = (ratio: [number, number], width: number, height: number) =>
      planSteps([area([1, 1], ratio)], { width, height }, { random: () => 0.5 })[0];
    expect(boxOf([1, 1], 100, 20)).toEqual({
      type: "crop",
      box: { top: 0, left: 40, height: 20, width: 20 },
    });
    expect(boxOf([1, 1], 20, 100)).toEqual({
      type: "crop",
      box: { top: 40, left: 0, height: 20, width: 20 },
    });
    expect(boxOf([4, 4], 1, 1)).toEqual({ type: "crop", box: { top: 0, left: 0, height: 1, width: 1 } });
  });

  it("resizes a needle, which is never wide and tall between two passes", () => {
    const steps = [["resize", { size: [224, 224], filter: "bicubic" }]] as const;
    for (const [width, height] of [
      [1, 1_000_000],
      [1_000_000, 1],
    ] as const) {
      const actions = planSteps(steps, { width, height });
      const pixels = new Uint8Array(3 * width * height).fill(7);
      expect(new Set(applyActions({ width, height, pixels }, actions).pixels)).toEqual(new Set([7]));
    }
  });

  it("refuses an image so long that its short side cannot be resized", () => {
    expect(() =>
      planSteps(
        [["resizeShort", { size: 256, filter: "box" }]],
        { width: 2000, height: 1 },
        { where: "line.png" },
      ),
    ).toThrow(
      new FileError(
        "line.png is 2000 × 1, so resizeShort would make it 512000 × 256; at most 67108864 pixels are allowed. Crop it first.",
      ),
    );
  });
});
