import { describe, expect, it } from "vitest";
import { agreementFields, describeAgreement } from "./describe-agreement.ts";

describe("describeAgreement", () => {
  it("says on how many images, how sure that is, and what it cost", () => {
    const agreement = { images: 256, same: 254, largestDifference: 0.1391 };
    expect(describeAgreement(agreement, { of: 1062 })).toBe(
      "Computed in int8. 256 of the 1,062 images were answered in fp32 too: 254 got the same label (99.2 %, 95 % interval 97.2 to 99.8 %), and probabilities differ by at most 0.139.",
    );
    const known = { images: 3, same: 3, largestDifference: 0, correct: { int8: 2, fp32: 1 } };
    expect(describeAgreement(known, { of: 3 })).toBe(
      "Computed in int8. All 3 images were answered in fp32 too: 3 got the same label (100.0 %, 95 % interval 43.9 to 100.0 %), and probabilities differ by at most 0.000. Of these, 2 were correct in int8 and 1 in fp32.",
    );
    expect(describeAgreement({ ...agreement, images: 1, same: 1 }, { of: 1 })).toContain(
      "The image was answered in fp32 too: 1 got",
    );
  });
});

describe("agreementFields", () => {
  it("has no number that JSON lacks", () => {
    const fields = agreementFields({ images: 2, same: 0, largestDifference: Number.NaN });
    expect(fields).toMatchObject({ images: 2, same: 0, largestDifference: null });
    expect(fields).not.toHaveProperty("correct");
  });
});
