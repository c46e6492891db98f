/** Errors by who must act: the caller's input, a file, a graph being built, or the machine. */

/** Base of every error that this package means to raise. `code` is stable; `exitCode` is the command's. */
export class RlrrError extends Error {
  readonly code: string = "RLRR";
  readonly exitCode: number = 1;
  override name = this.constructor.name;
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
