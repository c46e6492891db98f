/** HTML from templates that escape whatever they are given: names of classes and files come from strangers. */

/** Text that is HTML already. Only `html` and `breakable` make it. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Html | readonly Part[];

/** A piece of HTML; strings between are escaped, pieces and lists of pieces are kept. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(
    strings.map((string, i) => string + (i < parts.length ? toText(parts[i] ?? "") : "")).join(""),
  );
}

function toText(part: Part): string {
  if (part instanceof Html) return part.text;
  if (typeof part === "string" || typeof part === "number") return escapeHtml(String(part));
  return part.map(toText).join("");
}

/** A name or a path that may break after its separators, so that no word is cut. */
export const breakable = (text: string): Html =>
  new Html(
    text
      .split(/(?<=[/\\_.-])(?=\p{L})/u)
      .map(escapeHtml)
      .join("<wbr>"),
  );

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Safe in text and in quoted attributes. Control characters, which HTML forbids, become "�". */
export function escapeHtml(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => entities[character] ?? "")
    .replace(/[\p{Cc}\p{Bidi_C}\u2028\u2029]/gu, (character) =>
      /[\n\t]/.test(character) ? character : "\ufffd",
    );
}
