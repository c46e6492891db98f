import { describe, expect, it } from "vitest";
import { FileError } from "../errors.ts";
import { parseSteps } from "./parse-steps.ts";
import { defaultSteps } from "./step-list.ts";

const normalize = ["normalize", { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }];
const resize = ["resize", { size: [8, 8], filter: "bicubic" }];
const last = (...steps: unknown[]) => [...steps, normalize];

describe("parseSteps", () => {
  it("returns valid lists as they are, also after a trip through JSON", () => {
    const steps = last(
      ["resizeShort", { size: 256, filter: "lanczos" }],
      ["randomCrop", { size: [224, 224] }],
      ["randomResizedCrop", { size: [224, 200], scale: [0.08, 1], ratio: [0.75, 1.3333], filter: "box" }],
      ["randomHorizontalFlip", { probability: 0.5 }],
      ["centerCrop", { size: [96, 97] }],
    );
    expect(parseSteps(steps, "x")).toEqual(steps);
    expect(parseSteps(JSON.parse(JSON.stringify(defaultSteps([32, 48]))), "x")).toEqual(
      defaultSteps([32, 48]),
    );
  });

  const many = Array.from({ length: 33 }, () => resize);
  const names =
    "resize, resizeShort, resizeFit, centerCrop, randomCrop, randomResizedCrop, randomHorizontalFlip, randomAugment, normalize";
  const sides = "[height, width], each a whole number from 1 to 4096";
  it.each<[unknown, string]>([
    [undefined, "f.json: preprocessing must be a list of steps, got missing."],
    [{ a: 1 }, 'f.json: preprocessing must be a list of steps, got {"a":1}.'],
    [many, "f.json: preprocessing has 33 steps; at most 32 are allowed."],
    [[], "f.json: preprocessing has no normalize step; it must end with one."],
    [[normalize, resize], "f.json: step 1 is normalize; it must be the last step, and only the last."],
    [
      [normalize],
      "f.json: preprocessing must give every image the same size; add a resize or a crop to a fixed size.",
    ],
    [
      last(["resizeShort", { size: 8, filter: "box" }]),
      "f.json: preprocessing must give every image the same size; add a resize or a crop to a fixed size.",
    ],
    [last("resize"), 'f.json: step 1: a step is ["name", { options }], got "resize".'],
    [last(resize, ["resize"]), 'f.json: step 2: a step is ["name", { options }], got ["resize"].'],
    [last(["blur", {}]), `f.json: step 1: there is no step "blur"; known are ${names}.`],
    [last(["constructor", {}]), `f.json: step 1: there is no step "constructor"; known are ${names}.`],
    [last(["centerCrop", null]), "f.json: step 1, centerCrop: its options must be an object, got null."],
    [last(["centerCrop", 224]), "f.json: step 1, centerCrop: its options must be an object, got 224."],
    [last(["centerCrop", {}]), `f.json: step 1, centerCrop: size must be ${sides}, got missing.`],
    [last(["centerCrop", { size: 224 }]), `f.json: step 1, centerCrop: size must be ${sides}, got 224.`],
    [last(["centerCrop", { size: [0, 8] }]), `f.json: step 1, centerCrop: size must be ${sides}, got [0,8].`],
    [
      last(["centerCrop", { size: [8, 4097] }]),
      `f.json: step 1, centerCrop: size must be ${sides}, got [8,4097].`,
    ],
    [
      last(["centerCrop", { size: [8, 8.5] }]),
      `f.json: step 1, centerCrop: size must be ${sides}, got [8,8.5].`,
    ],
    [
      last(["centerCrop", { size: [8, 8], filter: "box" }]),
      'f.json: step 1, centerCrop: there is no option "filter"; known are size, rounding, fill.',
    ],
    [
      last(["resizeShort", { size: "8", filter: "box" }]),
      'f.json: step 1, resizeShort: size must be a whole number from 1 to 4096, got "8".',
    ],
    [
      last(["resize", { size: [8, 8], filter: "cubic" }]),
      'f.json: step 1, resize: filter must be nearest, box, bilinear, hamming, bicubic or lanczos, got "cubic".',
    ],
    [
      last(["randomHorizontalFlip", { probability: 50 }]),
      "f.json: step 1, randomHorizontalFlip: probability must be a number from 0 to 1, got 50.",
    ],
    [
      last(["randomResizedCrop", { size: [8, 8], scale: [0, 1], ratio: [1, 1], filter: "box" }]),
      "f.json: step 1, randomResizedCrop: scale must be [lowest, highest], above 0 and at most 1, got [0,1].",
    ],
    [
      last(["randomResizedCrop", { size: [8, 8], scale: [0.1, 1], ratio: [2, 1], filter: "box" }]),
      "f.json: step 1, randomResizedCrop: ratio must be [lowest, highest], both above 0, got [2,1].",
    ],
    [
      [resize, ["normalize", { mean: [0, 0], std: [1, 1, 1] }]],
      "f.json: step 2, normalize: mean must be three numbers, got [0,0].",
    ],
    [
      [resize, ["normalize", { mean: [0, 0, 0], std: [1, 0, 1] }]],
      "f.json: step 2, normalize: std must be three numbers above 0, got [1,0,1].",
    ],
  ])("refuses %j", (value, message) => {
    expect(() => parseSteps(value, "f.json")).toThrow(new FileError(message));
  });
});
