/** The list of methods. A new one is a file beside this, its test, and a line here. */

import { z } from "zod";
import { InputError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { adapter } from "./adapter.ts";
import { adapterPlus } from "./adapter-plus.ts";
import { adaptformer } from "./adaptformer.ts";
import { apla } from "./apla.ts";
import { arc } from "./arc.ts";
import { bias } from "./bias.ts";
import { convpass } from "./convpass.ts";
import { dora } from "./dora.ts";
import { factTk } from "./fact-tk.ts";
import { factTt } from "./fact-tt.ts";
import { full } from "./full.ts";
import { hta } from "./hta.ts";
import { hyperadapt } from "./hyperadapt.ts";
import { linear } from "./linear.ts";
import { lora } from "./lora.ts";
import type { Adaptation, Method } from "./method.ts";
import { norm } from "./norm.ts";
import { oft } from "./oft.ts";
import { repadapter } from "./repadapter.ts";
import { rlrr } from "./rlrr.ts";
import { ssf } from "./ssf.ts";
import { vptDeep } from "./vpt-deep.ts";
import { vptShallow } from "./vpt-shallow.ts";
import { wise } from "./wise.ts";

export const methods: readonly Method[] = [
  ...[rlrr, linear, full, lora, ssf, vptDeep, adaptformer],
  ...[bias, norm, dora],
  ...[vptShallow, adapter, repadapter, convpass],
  ...[arc, factTt, factTk],
  ...[hta, apla, oft, adapterPlus, hyperadapt, wise],
];

/** The method where none is named. */
export const defaultMethod = rlrr.name;

/** A method's name with its options: what a config file says of it. */
export interface MethodChoice {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** A requested method: a name in the list, or a user's own method itself. */
export interface MethodRequest {
  readonly name: string | Method;
  readonly options?: unknown;
}

/** A method with its options applied. */
export interface ChosenMethod {
  readonly method: Method;
  /** The same where it is not in the list, and no name leads to it. */
  readonly ownMethod: Method | undefined;
  readonly choice: MethodChoice;
  readonly adaptation: Adaptation;
}

export interface ChooseOptions {
  /** Methods of a user's own, besides those in the list. */
  readonly known?: readonly Method[] | undefined;
  /** What the user wrote for an option, such as a flag. */
  readonly nameOf?: (option: string) => string;
}

/** Finds a method and checks its options, filling in defaults. `where` names the flag or file at fault. */
export function chooseMethod(
  { name, options }: MethodRequest,
  where: string,
  { known = [], nameOf = (option) => option }: ChooseOptions = {},
): ChosenMethod {
  const all = [...methods, ...known];
  const method = typeof name === "string" ? all.find((row) => row.name === name) : name;
  if (!method)
    throw new InputError(
      `${where}: there is no method "${name}". Known: ${all.map((row) => row.name).join(", ")}.`,
    );
  const parsed = method.options.safeParse(options ?? {});
  if (!parsed.success)
    throw new InputError(`${where}: ${explain(method, parsed.error, { given: options, nameOf })}.`);
  const choice = { name: method.name, options: parsed.data };
  const ownMethod = methods.includes(method) ? undefined : method;
  return { method, ownMethod, choice, adaptation: method.create(parsed.data) };
}

/** The method that an adapter was trained with: its own where that is not in the list, else by name. */
export const methodOf = ({
  method: { name, options },
  ownMethod,
}: {
  readonly method: MethodChoice;
  readonly ownMethod?: Method | undefined;
}): ChosenMethod => chooseMethod({ name: ownMethod ?? name, options }, "adapter");

/** The first problem; each option's description says what is valid. */
function explain(
  { name, options: { shape } }: Method,
  { issues }: z.ZodError,
  { given, nameOf }: { given: unknown; nameOf: (option: string) => string },
): string {
  const issue = issues[0];
  const option = String(issue?.path[0] ?? "");
  const schema = shape[option];
  if (issue?.code === "unrecognized_keys" && !schema) {
    const known = Object.keys(shape).map(nameOf).join(", ") || "none";
    return `method ${name} has no option ${nameOf(String(issue.keys[0]))}. Known: ${known}`;
  }
  if (issue?.code === "custom" && !schema) return `method ${name}: ${issue.message}`;
  if (!schema) return `options of method ${name} must be given by name, got ${showValue(given)}`;
  const valid = z.globalRegistry.get(schema)?.description ?? "another value";
  const value = (given as Readonly<Record<string, unknown>>)[option];
  return `option ${nameOf(option)} of method ${name} must be ${valid}, got ${showValue(value)}`;
}
