/** Refuses class names that only a computer can tell apart. */

import { FileError } from "../errors.ts";
import { quoted } from "./describe-dataset.ts";

/** `007` is 7, and neither case nor the code points of an accent make another name. */
const keyOf = (name: string): string =>
  /^\d+$/.test(name) ? name.replace(/^0+(?=\d)/, "") : name.normalize("NFKC").trim().toLowerCase();

/** Two spellings of one name would be two classes. */
export function refuseTwins(root: string, classes: readonly string[]): void {
  const spelt = new Map<string, string>();
  for (const name of classes) {
    const key = keyOf(name);
    const other = spelt.get(key);
    if (other !== undefined)
      throw new FileError(
        `${root}: ${quoted([other, name])} are two classes, but one name in two spellings. Give them one spelling, or names that differ more.`,
      );
    spelt.set(key, name);
  }
}
