/** What a report holds for its reader to correct labels: the images by name and content, and a bar with a button. */

import { type Html, html } from "./html.ts";

/** An image as corrections name it. */
export interface ImageName {
  /** Relative to the data, with `/`. */
  readonly file: string;
  /** Of its content, in hexadecimal. */
  readonly sha256: string;
}

/** JSON for an attribute: characters that a page may not hold are escaped, so that names stay what they are. */
export const attributeJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[\p{Cc}\p{Bidi_C}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** Hidden until the script shows it. */
export const renderCorrectionBar = (classes: readonly string[]): Html =>
  html`<aside id="corrections" data-classes="${attributeJson(classes)}" hidden><output></output> <button type="button">Save corrections</button> <span class="soft">then: rlrr relabel corrections.csv --data … --out ….csv</span></aside>`;
