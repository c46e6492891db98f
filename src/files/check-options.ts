/** Checks what programs without types give to a verb of the library. */

import { InputError } from "../errors.ts";
import { shown } from "./check-count.ts";

/** Every option of a verb: its type makes a forgotten one fail to compile. */
export type KnownOptions<Options> = Readonly<Record<keyof Options, true>>;

export interface OptionRules<Options> {
  /** The function that was called. */
  readonly verb: string;
  readonly known: KnownOptions<Options>;
  /** What else to say where an option is not known. */
  readonly advice?: string;
}

/** Refuses options that are not known, callbacks that cannot be called and signals that are none. */
export function checkOptions<Options extends object>(
  options: Options,
  { verb, known, advice = "" }: OptionRules<Options>,
): void {
  if (typeof options !== "object" || options === null)
    throw new InputError(`${verb}: its options must be an object, got ${shown(options)}.`);
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(known, name))
      throw new InputError(
        `${verb}: there is no option "${name}". Known: ${Object.keys(known).join(", ")}.${advice}`,
      );
    const needed = value === undefined ? undefined : kindOf(name);
    if (needed && !needed.fits(value))
      throw new InputError((show) => `${verb}: ${show(name)} must be ${needed.what}, got ${shown(value)}.`);
  }
}

/** A path, or what else `kind` names that is an object. */
export function checkPath(value: unknown, { what, kind }: { readonly what: string; readonly kind?: string }) {
  if (typeof value === "string" || (kind !== undefined && typeof value === "object" && value !== null))
    return;
  throw new InputError(
    `${what} must be a path${kind === undefined ? "" : ` or ${kind}`}, got ${shown(value)}.`,
  );
}

interface Kind {
  readonly what: string;
  readonly fits: (value: unknown) => boolean;
}

/** What the name of an option says of its value, the same in every verb. */
function kindOf(name: string): Kind | undefined {
  if (/^on[A-Z]/.test(name)) return { what: "a function", fits: (value) => typeof value === "function" };
  if (name === "signal") return { what: "an AbortSignal", fits: (value) => has(value, "throwIfAborted") };
  if (name === "engine")
    return { what: "an engine, as openEngine gives", fits: (value) => has(value, "compile") };
  if (name === "store")
    return { what: "an image store, as openImageStore gives", fits: (value) => has(value, "load") };
  return undefined;
}

const has = (value: unknown, method: string): boolean =>
  typeof value === "object" && value !== null && typeof Reflect.get(value, method) === "function";
