/** An accuracy as it must stand wherever one is shown: with its images, and how sure it is. */

import { wilsonInterval } from "../predict/wilson.ts";

export interface Accuracy {
  readonly correct: number;
  readonly images: number;
  /** What kind of images: "test". */
  readonly split: string;
}

/** "210 test images, 95 % interval 84.0 to 92.5 %". */
export function formatAccuracy({ correct, images, split }: Accuracy): string {
  const interval = wilsonInterval(correct, images);
  const count = `${images.toLocaleString("en")} ${split} ${images === 1 ? "image" : "images"}`;
  if (interval === undefined) return count;
  return `${count}, 95\u00a0% interval ${interval.map((end) => end.toFixed(1)).join("\u00a0to\u00a0")}\u00a0%`;
}
