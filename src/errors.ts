/** Errors by who must act: the caller's input, a file, a graph being built, or the machine. */

/** Shows an option, or an option with the value that it should be given, in the words of whoever set it. */
export type ShowOption = (option: string, value?: boolean | string | number) => string;

/** A message that names options: a program knows them by their names, the command line by its flags. */
export type Wording = (show: ShowOption) => string;

/** `skipBadImages`, `select: "last"`: as a program writes options. */
const asWritten: ShowOption = (option, value) =>
  value === undefined ? option : `${option}: ${JSON.stringify(value)}`;

/** Base of every error that this package means to raise. `code` is stable; `exitCode` is the command's. */
export class RlrrError extends Error {
  readonly code: string = "RLRR";
  readonly exitCode: number = 1;
  override name = this.constructor.name;
  readonly #wording: Wording;

  constructor(message: string | Wording, options?: ErrorOptions) {
    const wording: Wording = typeof message === "string" ? () => message : message;
    super(wording(asWritten), options);
    this.#wording = wording;
  }

  /** The message with its options shown as `show` does. */
  messageWith(show: ShowOption): string {
    return this.#wording(show);
  }
}

/** The user must act: a flag, a folder or an option is wrong. Exit code 2. */
export class InputError extends RlrrError {
  override readonly code = "INPUT";
  override readonly exitCode = 2;
}

/** The owner of a file must act: it is damaged, of another kind, or does not fit. Never retry. Exit code 2. */
export class FileError extends RlrrError {
  override readonly code = "FILE";
  override readonly exitCode = 2;
}

/** The programmer who builds a graph must act. */
export class GraphError extends RlrrError {
  override readonly code = "GRAPH";
}

/** The machine must act: memory, driver, disk, a missing feature. Exit code 1. */
export class EngineError extends RlrrError {
  override readonly code = "ENGINE";
}

/** Ends a `switch` over a union: the compiler refuses a case left out. */
export function unreachable(value: never): never {
  throw new Error(`internal: unexpected ${JSON.stringify(value)}`);
}
