/** The output of commands: every byte is written or an error is raised, and no file name can control the terminal. */

import { fstatSync, writeSync } from "node:fs";
import { isatty } from "node:tty";
import { EngineError } from "../index.ts";
import { files } from "../node.ts";
import { displayWidth, printable } from "../table.ts";

/**
 * Writes to standard output as it is: JSON, CSV. False where whoever read it has left, as `head` does: nobody waits
 * for more.
 */
export async function print(text: string): Promise<boolean> {
  try {
    if (isFile(process.stdout.fd)) writeWhole(process.stdout.fd, Buffer.from(text));
    else await writeToStream(text);
    return true;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "EPIPE" || code === "ERR_STREAM_DESTROYED") return false;
    const problem = files.writeProblem(cause, "standard output");
    if (problem !== cause) throw problem;
    throw new EngineError(`standard output could not be written: ${cause}`, { cause });
  }
}

/** Writes text for a person to standard output, and a line break: what could move the cursor becomes "�". */
export const say = (text: string): Promise<boolean> =>
  print(`${renderText(text, { columns: process.stdout.columns })}\n`);

/**
 * Text as a terminal of so many columns shows it best: sentences, and the values of facts, break at spaces. Rows of tables stay
 * whole, and so does all where nobody knows the width, as in a file.
 */
export function renderText(
  text: string,
  { columns }: { readonly columns?: number | undefined } = {},
): string {
  const lines = text.split("\n").map(printable);
  if (columns === undefined) return lines.join("\n");
  return lines.flatMap((line) => wrapText(line, columns - 1)).join("\n");
}

function wrapText(line: string, width: number): string[] {
  if (displayWidth(line) <= width) return [line];
  const [, name = "", value = line] = /^(\s*\S+(?: \S+)* {2,})(.*)$/.exec(line) ?? [];
  if (/\S {2,}\S/.test(value)) return [line];
  if (name === "") return wrap(line, width);
  const indent = " ".repeat(displayWidth(name));
  const [first = "", ...others] = wrap(indent + value, width);
  return [name + first.slice(indent.length), ...others];
}

/** Writes a message to standard error. What can not be written there can not be told anywhere. */
export function tell(message: string): void {
  const { columns } = process.stderr;
  errorStream.write(`${renderMessage(message, columns === undefined ? {} : { columns })}\n`);
}

/** Standard error, which may be on a full disk or closed without anything being lost but what it would say. */
export const errorStream = {
  write: (text: string): void => {
    try {
      process.stderr.write(text);
    } catch {
      // There is no further place to say so.
    }
  },
  get isTTY(): boolean {
    return process.stderr.isTTY === true;
  },
  get columns(): number | undefined {
    return process.stderr.columns;
  },
};

/**
 * A message as lines: all but the first are indented, so that a line break in the name of a file can not pass for
 * a message of ours. On a terminal, lines break at spaces.
 */
export function renderMessage(message: string, { columns }: { readonly columns?: number } = {}): string {
  const lines = message.split("\n").map((line, index) => {
    const indented = index === 0 || line === "" || line.startsWith("  ") ? line : `  ${line}`;
    return printable(indented);
  });
  if (columns === undefined) return lines.join("\n");
  return lines.flatMap((line) => wrap(line, columns - 1)).join("\n");
}

/** Lines of at most `width` columns; a word that is longer stays whole, so that a path can be copied. */
function wrap(line: string, width: number): string[] {
  const indent = line.slice(0, line.length - line.replace(/^ +/, "").length);
  const wrapped: string[] = [];
  let current = indent;
  for (const word of line.trim().split(" ")) {
    const longer = current.trim() === "" ? current + word : `${current} ${word}`;
    if (current.trim() === "" || displayWidth(longer) <= width) current = longer;
    else {
      wrapped.push(current);
      current = (indent || "  ") + word;
    }
  }
  return [...wrapped, current];
}

/** A disk or a device, which Node would write to once and forget what did not fit. */
function isFile(fd: number | undefined): fd is number {
  if (fd === undefined || isatty(fd)) return false;
  const stats = fstatSync(fd);
  return stats.isFile() || stats.isCharacterDevice() || stats.isBlockDevice();
}

function writeWhole(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

const writeToStream = (text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
