/** Says how often answers in 8 bits were those of float32. */

import type { Agreement } from "../predict/agreement.ts";
import { wilsonInterval } from "../predict/wilson.ts";

const count = (number: number): string => number.toLocaleString("en");

/** "Computed in int8. 64 of the 1,062 images were answered in fp32 too: 63 got the same label (98.4 %, 95 % interval …" */
export function describeAgreement(
  { images, same, largestDifference, correct }: Agreement,
  { of }: { readonly of: number },
): string {
  const interval = wilsonInterval(same, images)?.map((end) => end.toFixed(1));
  const which =
    images === of
      ? `${of === 1 ? "The image was" : `All ${count(of)} images were`}`
      : `${count(images)} of the ${count(of)} images ${images === 1 ? "was" : "were"}`;
  const own = correct
    ? ` Of these, ${count(correct.int8)} were correct in int8 and ${count(correct.fp32)} in fp32.`
    : "";
  return `Computed in int8. ${which} answered in fp32 too: ${count(same)} got the same label (${((100 * same) / images).toFixed(1)} %, 95 % interval ${interval?.join(" to ")} %), and probabilities differ by at most ${largestDifference.toFixed(3)}.${own}`;
}

/** For programs; the difference is null where weights are damaged. */
export const agreementFields = ({ images, same, largestDifference, correct }: Agreement) => ({
  ...{ images, same, interval: wilsonInterval(same, images) ?? null },
  largestDifference: Number.isFinite(largestDifference) ? largestDifference : null,
  ...(correct && { correct }),
});
