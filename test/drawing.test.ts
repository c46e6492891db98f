import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { drawPretrainingImage, pretrainingClasses } from "../scripts/drawing/pretraining-classes.ts";
import { drawSemaphore, semaphoreLetters } from "../scripts/drawing/semaphore.ts";

const which = { seed: 1, split: "train", number: 0 };

describe("pretrainingClasses", () => {
  it("are 18 outlines in 4 textures and 24 strokes", () => {
    expect(pretrainingClasses.size).toBe(18 * 4 + 24);
  });

  it("draws every class, 64 by 64", async () => {
    for (const name of pretrainingClasses.keys()) {
      const { width, height } = await sharp(await drawPretrainingImage(name, which)).metadata();
      expect([name, width, height]).toEqual([name, 64, 64]);
    }
  });

  it("draws the same bytes for the same name, and others for another", async () => {
    const first = await drawPretrainingImage("star5-dotted", which);
    expect(await drawPretrainingImage("star5-dotted", which)).toEqual(first);
    expect(await drawPretrainingImage("star5-dotted", { ...which, number: 1 })).not.toEqual(first);
    expect(await drawPretrainingImage("star5-dotted", { ...which, split: "val" })).not.toEqual(first);
  });
});

describe("drawSemaphore", () => {
  it("spells HELLO WORLD", () => {
    expect([...new Set("HELLOWORLD")].sort()).toEqual(Object.keys(semaphoreLetters));
  });

  it("draws the same bytes for the same name, and others for another", async () => {
    const first = await drawSemaphore("R", which);
    expect(await drawSemaphore("R", which)).toEqual(first);
    expect(await drawSemaphore("L", which)).not.toEqual(first);
    expect(await drawSemaphore("R", { ...which, seed: 2 })).not.toEqual(first);
  });
});
