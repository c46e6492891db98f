/** Seeded damage to texts and JSON: odd words, odd values, other keys, nesting, what JSON does not know. */

import { type Draw, mutateBytes, pick } from "../../test/mutations.ts";

/** What programs stumble over: separators, quotes, Unicode that is not what it seems, paths that lead out, names of JavaScript. */
export const oddTexts: readonly string[] = [
  ...["", " ", "\0", "\t", "\r", "\n", "\r\n", ",", ";", '"', '""', "'", "\\", "/", ".", "..", "../..", "//"],
  ...[
    "../../etc/passwd",
    "/etc/passwd",
    "C:\\x",
    "\\\\host\\share",
    "file:///a",
    "-",
    "--help",
    "~",
    "%2e%2e",
  ],
  ...[
    "\ufeff",
    "\u200b",
    "\u202e",
    "é",
    "e\u0301",
    "ﬁ",
    "İ",
    "\ud83d\ude00",
    "\ud800",
    "\udc00",
    "\uffff",
    "𝟙",
  ],
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "length", "then", "toJSON"],
  ...[
    "0",
    "-1",
    "007",
    "1e9",
    "1e999",
    "0x10",
    "NaN",
    "Infinity",
    "true",
    "null",
    "undefined",
    "[object Object]",
  ],
  ...[
    "999999999999999999999",
    "9007199254740993",
    "4294967296",
    "2147483648",
    "file",
    "label",
    "train",
    "test",
  ],
  ...["a".repeat(300), "x".repeat(5000), "é".repeat(200), "/a".repeat(100), "1".repeat(400)],
];

/** Texts that stand for what no JSON value is; put in as they are. */
const literals: readonly string[] = [
  ...["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e-400", "-0", "0.1e1", "01", "undefined", "'x'"],
  ...[
    "[".repeat(60) + "]".repeat(60),
    "[".repeat(70) + "]".repeat(70),
    '{"a":'.repeat(70) + 1 + "}".repeat(70),
  ],
  ...[
    "[".repeat(20_000) + "]".repeat(20_000),
    '{"a":'.repeat(20_000),
    `[${"0,".repeat(3000)}0]`,
    "[,]",
    "{,}",
  ],
  ...['{"__proto__":{"a":1}}', '{"constructor":{"prototype":1}}', '"\\ud800"', '"\\u0000"', "//", "1 2"],
];
/** No text holds it by itself. */
const mark = "\u0001literal";

const numbers: readonly number[] = [
  ...[0, -0, 1, -1, 2, 3, 4, 7, 8, 16, 0.5, -0.5, 1.5, 1e-9, 255, 256, 1024, 4096, 4097, 65_535, 65_536],
  ...[
    100_000,
    100_001,
    200_001,
    1e6,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32,
    2 ** 53 - 1,
    2 ** 53,
    1e21,
    1e308,
    -1e308,
  ],
];

const values: readonly ((draw: Draw) => unknown)[] = [
  (draw) => pick(draw, numbers),
  (draw) => pick(draw, numbers),
  (draw) => String(pick(draw, numbers)),
  (draw) => pick(draw, oddTexts),
  (draw) => `${mark}${draw(literals.length)}`,
  (draw) => pick(draw, [null, true, false]),
  (draw) => pick<() => unknown>(draw, [() => [], () => ({}), () => [[]], () => [null], () => ({ "": {} })])(),
  (draw) => Array.from({ length: draw(20) }, () => pick(draw, numbers)),
];

const drawValue = (draw: Draw): unknown => pick(draw, values)(draw);

type Holder = Record<string, unknown> | unknown[];
const isHolder = (value: unknown): value is Holder => value !== null && typeof value === "object";
const keysOf = (holder: Holder): string[] => Object.keys(holder);
const valueAt = (holder: Holder, key: string): unknown => Reflect.get(holder, key);

/** A holder somewhere in `root`; deeper ones are as likely as outer ones. */
function drawHolder(root: Holder, draw: Draw): Holder {
  let at = root;
  for (;;) {
    const inner = Object.values(at).filter(isHolder);
    if (inner.length === 0 || draw(3) === 0) return at;
    at = pick(draw, inner);
  }
}

/** Own properties alone, `__proto__` too. */
const put = (holder: Holder, key: string, value: unknown): void => {
  Object.defineProperty(holder, key, { value, enumerable: true, writable: true, configurable: true });
};

/** Each changes something in one object or list. */
const changes: readonly ((holder: Holder, draw: Draw, other: Holder) => void)[] = [
  (holder, draw) => withKey(holder, draw, (key) => put(holder, key, drawValue(draw))),
  (holder, draw) => withKey(holder, draw, (key) => put(holder, key, drawValue(draw))),
  (holder, draw) => withKey(holder, draw, (key) => put(holder, key, otherForm(valueAt(holder, key)))),
  (holder, draw) =>
    withKey(
      holder,
      draw,
      (key) => void (Array.isArray(holder) ? holder.pop() : Reflect.deleteProperty(holder, key)),
    ),
  (holder, draw) =>
    void (Array.isArray(holder)
      ? holder.push(drawValue(draw))
      : put(holder, pick(draw, oddTexts), drawValue(draw))),
  (holder, draw) =>
    withKey(holder, draw, (key) => {
      put(holder, key, valueAt(holder, pick(draw, keysOf(holder))));
    }),
  (holder, draw, other) =>
    withKey(holder, draw, (key) => {
      const from: Holder = JSON.parse(JSON.stringify(drawHolder(other, draw))); // a copy: no value may hold itself
      put(holder, key, draw(2) === 0 ? from : (valueAt(from, pick(draw, [...keysOf(from), ""])) ?? null));
    }),
  (holder, draw) =>
    withKey(holder, draw, (key) => {
      if (Array.isArray(holder)) holder.push(...holder.slice(0, 50));
      else put(holder, `${key}${pick(draw, oddTexts)}`, valueAt(holder, key));
    }),
];

function withKey(holder: Holder, draw: Draw, change: (key: string) => void): void {
  const keys = keysOf(holder);
  if (keys.length > 0) change(pick(draw, keys));
}

/** Numbers as texts, texts as numbers, one as a list of one. */
function otherForm(value: unknown): unknown {
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return Number.isNaN(Number(value)) ? [value] : Number(value);
  if (Array.isArray(value)) return value.length > 0 ? value[0] : {};
  return typeof value === "boolean" ? Number(value) : [value];
}

/** A damaged copy of a JSON text: mostly of its values, sometimes of its letters. */
export function mutateJson(
  text: string,
  { draw, other }: { readonly draw: Draw; readonly other: string },
): string {
  const value: unknown = JSON.parse(text);
  const strange: unknown = JSON.parse(other);
  let result: unknown = value;
  if (!isHolder(value) || draw(50) === 0) result = drawValue(draw);
  else
    for (let count = 1 + draw(4); count > 0; count--)
      pick(draw, changes)(drawHolder(value, draw), draw, isHolder(strange) ? strange : value);
  const rendered = JSON.stringify(result, undefined, draw(4) === 0 ? 2 : 0).replaceAll(
    /"\\u0001literal(\d+)"/g,
    (_, index: string) => literals[Number(index)] ?? "null",
  );
  return draw(10) === 0 ? mutateText(rendered, { draw, other }) : rendered;
}

const linesOf = (text: string): string[] => text.split(/(?<=\n)/);

/** Each changes a text; byte by byte is one of the ways. */
const textChanges: readonly ((text: string, draw: Draw, other: string) => string)[] = [
  (text, draw) => insertAt(text, draw(text.length + 1), pick(draw, oddTexts)),
  (text, draw) => insertAt(text, draw(text.length + 1), pick(draw, oddTexts)),
  (text, draw) =>
    text.replace(pick(draw, text.match(/[\p{L}\p{N}_.-]+/gu) ?? ["\0"]), () => pick(draw, oddTexts)),
  (text, draw) => {
    const lines = linesOf(text);
    lines.splice(draw(lines.length), 1);
    return lines.join("");
  },
  (text, draw) => {
    const lines = linesOf(text);
    lines.splice(draw(lines.length), 0, pick(draw, lines));
    return lines.join("");
  },
  (text, draw, other) => {
    const lines = linesOf(text);
    lines.splice(draw(lines.length), draw(2), pick(draw, linesOf(other)));
    return lines.join("");
  },
  (text, draw) =>
    text.replaceAll(pick(draw, [",", "\n", " ", '"', "/", "."]), () => pick(draw, oddTexts.slice(0, 40))),
  (text, draw) => insertAt(text, draw(text.length + 1), text.slice(0, 200).repeat(1 + draw(10))),
];

const insertAt = (text: string, at: number, more: string): string =>
  text.slice(0, at) + more + text.slice(at);

/** A damaged copy of a text. Its length is bounded, so that one input stays cheap. */
export function mutateText(
  text: string,
  { draw, other }: { readonly draw: Draw; readonly other: string },
): string {
  let result = text;
  for (let count = 1 + draw(3); count > 0; count--)
    result = pick(draw, textChanges)(result, draw, other).slice(0, 200_000);
  if (draw(8) > 0) return result;
  return Buffer.from(mutateBytes(Buffer.from(result), { draw, other: Buffer.from(other) })).toString(
    "latin1",
  );
}
