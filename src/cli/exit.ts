/** Turns errors and signals into a message for people and an exit code for programs. */

import { CommanderError } from "commander";
import { RlrrError } from "../index.ts";
import { showFlag } from "./method-options.ts";
import { print, tell } from "./output.ts";

const interruptedCode = 130;
const interrupted = new AbortController();

/** Raised by the first Ctrl-C: work saves itself and ends. */
export const interruption: AbortSignal = interrupted.signal;

/** Ends the process the way an interrupted program does, once what it was doing is saved. */
export class Interrupted extends Error {}

/** The last: the terminal was closed. */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * The first signal interrupts. The second is the system's, which ends the process at once: process.exit() would wait for a
 * running step or compilation. A shell shows 130 after the second Ctrl-C too, 143 after SIGTERM.
 */
export function handleSignals(): void {
  const stop = () => {
    for (const signal of signals) process.off(signal, stop);
    interrupted.abort();
  };
  for (const signal of signals) process.on(signal, stop);
  // A reader such as `head` may leave before we are done: nobody needs the rest.
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_DESTROYED") throw error;
      stop();
    });
}

const isInterruption = (error: unknown): boolean =>
  error instanceof Interrupted ||
  (interruption.aborted && error instanceof Error && error.name === "AbortError");

/** 0 done, 2 the input is wrong, 130 interrupted, 1 anything else. */
export function exitCodeOf(error: unknown): number {
  if (isInterruption(error)) return interruptedCode;
  if (error instanceof RlrrError) return error.exitCode;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  return 1;
}

/** One message on stderr; a stack only for a bug of ours. With `json`, a line on stdout too. */
export async function showError(error: unknown, { json }: { json: boolean }): Promise<void> {
  if (error instanceof CommanderError) {
    await showUsageError(error, { json });
    return;
  }
  const message = messageOf(error);
  if (isInterruption(error)) {
    tell(message === "" || message.includes("aborted") ? "Interrupted." : message);
    return;
  }
  if (json) await printRecord({ type: "error", code: codeOf(error), message });
  if (error instanceof RlrrError) tell(`error: ${message}`);
  else {
    tell(`internal: ${error instanceof Error ? error.stack : message}`);
    tell("This is a bug; please report it.");
  }
}

/** Options are shown as the flags that set them. */
function messageOf(error: unknown): string {
  if (error instanceof RlrrError) return error.messageWith(showFlag);
  return error instanceof Error ? error.message : String(error);
}

/** Commander has printed its own on stderr. */
async function showUsageError(error: CommanderError, { json }: { json: boolean }): Promise<void> {
  if (!json || exitCodeOf(error) === 0) return;
  await printRecord({ type: "error", code: "INPUT", message: error.message.replace(/^error: /, "") });
}

/** Standard output may be what failed; standard error then says so alone. */
const printRecord = (record: object): Promise<unknown> =>
  print(`${JSON.stringify(record)}\n`).catch(() => undefined);

const codeOf = (error: unknown): string => (error instanceof RlrrError ? error.code : "INTERNAL");
