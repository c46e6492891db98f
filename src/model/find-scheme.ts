/** Finds the Vision Transformer among the tensors of a source: whose names they follow, and what stands before them. */

import { FileError } from "../errors.ts";
import { limits } from "../limits.ts";
import { needed } from "../needed.ts";
import type { SourceShapes } from "./family.ts";
import { namingSchemes } from "./names.ts";
import type { NamingScheme, Row } from "./naming-scheme.ts";
import { ignorableKind } from "./unsupported-tensors.ts";

export interface Found {
  readonly scheme: NamingScheme;
  readonly prefix: string;
}

/** The first few of them, for messages. */
export const shortList = (names: readonly string[]): string =>
  names
    .slice(0, 4)
    .map((name) => JSON.stringify(name))
    .join(", ") + (names.length > 4 ? ", …" : "");

const patchOf = (scheme: NamingScheme): string =>
  needed(
    scheme.outer.find(({ ours }) => ours === "patch.weight"),
    "row patch.weight",
  ).theirs;

/** The ends of the names of a block's queries. */
const attentionOf = ({ block, separator }: NamingScheme): readonly string[] =>
  block.filter(({ ours }) => ours === "q.weight").map(({ theirs }) => `${separator}${theirs}`);

/** More models in one file are not told apart: each is looked for among all names. */
const { value: mostModels } = limits.MAX_MODELS_IN_FILE;

/** What stands before a scheme's names in `tensors`, wherever it has a patch embedding and a block. */
function prefixesOf(scheme: NamingScheme, names: readonly string[]): readonly string[] {
  const { prefixes, blockRoot, needs } = scheme;
  const patch = patchOf(scheme);
  const attention = attentionOf(scheme);
  const allowed = (prefix: string) =>
    prefixes instanceof RegExp ? prefixes.test(prefix) : prefixes.includes(prefix);
  return names
    .filter((name) => name.endsWith(patch))
    .map((name) => name.slice(0, -patch.length))
    .filter(allowed)
    .slice(0, mostModels)
    .filter((prefix) => needs === undefined || names.includes(prefix + needs))
    .filter((prefix) =>
      names.some(
        (name) => name.startsWith(prefix + blockRoot) && attention.some((end) => name.endsWith(end)),
      ),
    );
}

/** The one Vision Transformer among the tensors, if there is any; of a pre-training with two, the one that its authors go on with. */
export function findScheme(tensors: SourceShapes, where: string): Found | undefined {
  const names = [...tensors.keys()];
  for (const scheme of namingSchemes) {
    const found = prefixesOf(scheme, names);
    const main = found.filter((prefix) => ignorableKind(prefix) === undefined);
    const [prefix, another] = main.length > 0 ? main : found;
    if (another !== undefined)
      throw new FileError(
        `${where}: it holds several Vision Transformers, under ${shortList(main.length > 0 ? main : found)}. Keep the tensors of one of them.`,
      );
    if (prefix !== undefined) return { scheme, prefix };
  }
  return undefined;
}

/** A prefix and what encloses it: `module.vit.`, `module.` and nothing. */
export function* enclosing(prefix: string): Generator<string> {
  for (let rest = prefix; ; rest = rest.replace(/[^.]*\.$/, "")) {
    yield rest;
    if (rest === "") return;
  }
}

/** A head may stand outside the prefix of the body, as it does in Hugging Face's files. */
export function outerName({ scheme, prefix }: Found, row: Row, tensors: SourceShapes): string {
  if (scheme.separator !== "." || !row.ours.startsWith("head.")) return prefix + row.theirs;
  const head = row.theirs.replace(/\.[^.]*$/, "");
  for (const before of enclosing(prefix))
    if (tensors.has(`${before}${head}.weight`) || tensors.has(`${before}${head}.bias`))
      return before + row.theirs;
  return row.theirs;
}

export const blockName = ({ scheme, prefix }: Found, block: number, theirs: string): string =>
  `${prefix}${scheme.blockRoot}${block}${scheme.separator}${theirs}`;

/** Up to four names of modules. */
const modules = /^(\w+\.){0,4}$/;

/** What stands before `name` in a source, for each tensor whose name ends so. */
export function* prefixesBefore(tensors: SourceShapes, name: string): Generator<string> {
  for (const full of tensors.keys()) {
    const prefix = full.endsWith(name) ? full.slice(0, -name.length) : undefined;
    if (prefix !== undefined && modules.test(prefix)) yield prefix;
  }
}
