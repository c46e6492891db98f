import { describe, expect, it } from "vitest";
import { describeValidation, validationOf } from "./validation.ts";

const none = "nothing was validated, so no accuracy is known";
const of20 = "top-1 95.0 % on 20";
const interval = "95 % interval 76.4 to 99.1 %";

describe("validationOf", () => {
  it.each([
    [
      { validation: "held-out", validationTop1: 95, validationImages: 20 } as const,
      `${of20} validation images, ${interval}; they chose the epoch, so it is somewhat too high`,
    ],
    [
      { validation: "cross-validation", validationTop1: 95, validationImages: 20 } as const,
      `${of20} training images, ${interval}; cross-validated, which chose the epoch too, so it is somewhat too high`,
    ],
    [{ validation: "none", validationImages: 0 } as const, none],
    // Older adapters do not say of which kind.
    [
      { validationTop1: 95, validationImages: 20 },
      `${of20} validation images, ${interval}; they chose the epoch, so it is somewhat too high`,
    ],
    [{ validationImages: 0 }, none],
  ])("of %j is %j", (training, text) => {
    const record = validationOf(training);
    expect(record && describeValidation(record).replaceAll("\u00a0", " ")).toBe(text);
  });

  it.each([{}, { validationTop1: 95 }, { validationImages: 20 }])(
    "shows no accuracy without its images: %j",
    (training) => expect(validationOf(training)).toBeUndefined(),
  );
});
