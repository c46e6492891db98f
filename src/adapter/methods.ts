/** The list of methods. A new one is a file beside this, its test, and a line here. */

import { z } from "zod";
import { InputError } from "../errors.ts";
import { full } from "./full.ts";
import { linear } from "./linear.ts";
import type { Adaptation, Method } from "./method.ts";
import { rlrr } from "./rlrr.ts";

export const methods: readonly Method[] = [rlrr, linear, full];

/** A method's name with its options: what a config file says of it. */
export interface MethodChoice {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Finds a method and checks its options, filling in defaults. `where` names the flag or file at fault. */
export function chooseMethod(
  name: string,
  options: unknown,
  where: string,
): { choice: MethodChoice; adaptation: Adaptation } {
  const method = methods.find((row) => row.name === name);
  const known = methods.map((row) => row.name).join(", ");
  if (!method) throw new InputError(`${where}: there is no method "${name}". Known: ${known}.`);
  const parsed = method.options.safeParse(options ?? {});
  if (!parsed.success) throw new InputError(`${where}: method ${name}: ${z.prettifyError(parsed.error)}`);
  return { choice: { name, options: parsed.data }, adaptation: method.create(parsed.data) };
}
