import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { fillHelp, findCommand, helpOf } from "../scripts/fill-help.ts";
import { methodSettingOptions } from "../src/cli/method-options.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const pages = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "assets/README.md",
  "bench/peers/README.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

const commandNames = [
  "train",
  "zero-shot",
  "evaluate",
  "relabel",
  "predict",
  "merge",
  "combine",
  "export",
  "pack",
  "push",
  "inspect",
  "analyze",
  "bench",
  "bench step",
  "study",
  "worker",
  "demo",
];

interface Block {
  readonly language: string;
  readonly lines: readonly string[];
}

/** A page as its fenced blocks, and its prose without them. */
function parsePage(text: string): { blocks: readonly Block[]; prose: string } {
  const blocks: Block[] = [];
  const prose = text.replaceAll(/^```(\S*)[^\n]*\n([\s\S]*?)^```$/gm, (_, language: string, body: string) => {
    blocks.push({ language, lines: body.trimEnd().split("\n") });
    return "";
  });
  return { blocks, prose };
}

/** A heading's anchor, as GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\- _]/gu, "")
    .replaceAll(" ", "-");

const anchorsOf = (path: string): string[] =>
  [...parsePage(read(path)).prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => anchorOf(heading));

/** What is wrong with a link of a page; nothing where it leads somewhere. */
function brokenLink(page: string, target: string): string | undefined {
  if (/^https?:/.test(target)) return undefined;
  const [path = "", anchor] = target.split("#");
  const file = path === "" ? page : posix.join(dirname(page), path);
  if (!existsSync(join(root, file))) return `${target}: there is no ${file}`;
  if (anchor !== undefined && !anchorsOf(file).includes(anchor)) return `${target}: no heading ${anchor}`;
  return undefined;
}

/** The part of a quoted block that its file does not hold. `// …` stands for what is left out. */
function misquoted([first = "", ...lines]: readonly string[]): string | undefined {
  const path = /^\/\/ ([\w./-]+\.[cm]?[jt]s)$/.exec(first)?.[1];
  if (path === undefined) return undefined;
  const source = read(path);
  let from = 0;
  for (const part of lines.join("\n").split(/^\s*\/\/ …\n/m)) {
    const at = source.indexOf(part.trim(), from);
    if (at === -1) return `${path} does not hold, in this order:\n${part}`;
    from = at + part.trim().length;
  }
  return undefined;
}

/** Commands of a block, each on one line, without what a shell does with them. */
const commandsOf = (lines: readonly string[]): string[] =>
  lines
    .join("\n")
    .replaceAll(/\\\n\s*/g, " ")
    .split("\n")
    .flatMap((line) => /^\s*(?:\$ )?(?:npx )?rlrr (\S.*)$/.exec(line)?.[1] ?? [])
    .map((line) => line.replace(/\s+[>|#].*$/, "").replace(/\s{3,}.*$/, ""));

/** Every flag of every command and of every method, and those of npm that the docs name. */
const flags = new Set([
  ...commandNames.flatMap((name) => helpOf(name.split(" ")).match(/--[a-z][a-z-]*/g) ?? []),
  ...methodSettingOptions().flatMap(({ long }) => long ?? []),
  "--ignore-scripts",
]);

/** What is wrong with a command's flags and arguments. `whole` false leaves out what it lacks. */
function wrongCommand(line: string, { whole }: { readonly whole: boolean }): string | undefined {
  if (/^--(version|help)$/.test(line)) return undefined;
  try {
    const { command, rest } = findCommand(line.split(/\s+/));
    if (rest.includes("--help") || command.commands.length > 0) return undefined;
    command.exitOverride().configureOutput({ writeErr: () => {} });
    const { operands, unknown } = command.parseOptions([...rest]);
    if (unknown.length > 0) return `rlrr ${line}: unknown ${unknown.join(" ")}`;
    if (!whole) return undefined;
    const missing = command.options.filter(
      (option) => option.mandatory && command.getOptionValue(option.attributeName()) === undefined,
    );
    if (missing.length > 0) return `rlrr ${line}: lacks ${missing.map(({ long }) => long).join(", ")}`;
    const [argument] = command.registeredArguments;
    const [least, most] = [argument?.required ? 1 : 0, argument?.variadic ? 1000 : argument ? 1 : 0];
    if (operands.length < least || operands.length > most)
      return `rlrr ${line}: ${operands.length} arguments, needs ${least} to ${most}`;
    return undefined;
  } catch (error) {
    return `rlrr ${line}: ${error instanceof Error ? error.message : error}`;
  }
}

describe.each(pages)("%s", (page) => {
  const { blocks, prose } = parsePage(read(page));

  it("links to what is there", () => {
    const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
    expect(targets.flatMap((target) => brokenLink(page, target) ?? [])).toEqual([]);
  });

  it("names files and scripts that are there", () => {
    const { scripts } = JSON.parse(read("package.json"));
    const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span = ""]) => span);
    const lines = [...spans, ...blocks.flatMap((block) => block.lines)];
    const files = spans.filter((span) =>
      /^(src|test|docs|scripts|bench|parity|examples|assets)\/[\w./-]+$/.test(span),
    );
    const run = lines.flatMap((line) => /^npx tsx ([\w./-]+)/.exec(line)?.[1] ?? []);
    expect([...files, ...run].filter((path) => !existsSync(join(root, path)))).toEqual([]);
    const named = lines.flatMap((line) => /\bnpm run ([\w:-]+)/.exec(line)?.[1] ?? []);
    expect(named.filter((name) => !scripts[name])).toEqual([]);
  });

  it("quotes code as it is", () => {
    expect(blocks.flatMap(({ lines }) => misquoted(lines) ?? [])).toEqual([]);
  });

  it("gives commands and flags that exist", () => {
    const named = [...prose.matchAll(/`(--[a-z-]+)[^`\n]*`/g)].map(([, flag = ""]) => flag);
    expect(named.filter((flag) => !flags.has(flag))).toEqual([]);
    const whole = blocks.flatMap(({ lines }) => commandsOf(lines));
    const inline = [...prose.matchAll(/`(?:npx )?rlrr ([^`\n…]+)`/g)].map(([, line = ""]) => line);
    expect([
      ...whole.flatMap((line) => wrongCommand(line, { whole: true }) ?? []),
      ...inline.flatMap((line) => wrongCommand(line, { whole: false }) ?? []),
    ]).toEqual([]);
  });
});

describe("docs/command.md", () => {
  it("prints the help as it is; npx tsx scripts/fill-help.ts renews it", () => {
    const page = read("docs/command.md");
    expect(page).toBe(fillHelp(page));
  });
});

describe("--help", () => {
  it.each(commandNames)("of %s gives commands that exist", (name) => {
    // A line of help that is a command and nothing else; the usage is none.
    const lines = helpOf(name.split(" ")).split("\n");
    const wrong = commandsOf(lines.filter((line) => line.startsWith("  rlrr "))).flatMap(
      (line) => wrongCommand(line, { whole: true }) ?? [],
    );
    expect(wrong).toEqual([]);
  });
});

describe("these checks", () => {
  it.each([
    ["train --model m --data d --out o --epochs 3", undefined],
    [
      "train --model m --data d --out o --epoch 3",
      "rlrr train --model m --data d --out o --epoch 3: unknown --epoch 3",
    ],
    ["train --model m --data d", "rlrr train --model m --data d: lacks --out"],
    ["predict --model m", "rlrr predict --model m: 0 arguments, needs 1 to 1000"],
    ["fly --model m", 'rlrr fly --model m: There is no command "rlrr fly".'],
  ])("see what is wrong with rlrr %s", (line, problem) => {
    expect(wrongCommand(line, { whole: true })).toBe(problem);
  });

  it("see an invalid choice", () => {
    const line = "train --model m --data d --out o --select best";
    expect(wrongCommand(line, { whole: true })).toContain("argument 'best' is invalid");
  });

  it("see links, headings and quotes that are wrong", () => {
    expect(brokenLink("README.md", "docs/none.md")).toBe("docs/none.md: there is no docs/none.md");
    expect(brokenLink("docs/method.md", "../README.md#none")).toBe("../README.md#none: no heading none");
    const quote = ["// src/errors.ts", "export class RlrrError extends Error {", "  // …", "  override name"];
    expect(misquoted(quote)).toBeUndefined();
    expect(misquoted([...quote, "  invented"])).toContain("src/errors.ts does not hold");
    expect(misquoted([...quote.slice(0, 2), "  // …", "/** Errors by"])).toContain("does not hold");
  });
});
