/** A method of a user's own, from the file that defines it. The file is code: it is run because the user named it. */

import { register } from "node:module";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { InputError } from "../errors.ts";
import { exists } from "../files/exists.ts";
import { showValue } from "../files/show-value.ts";
import type { Method } from "./method.ts";
import { methods } from "./methods.ts";

/** Whether `--method` is given a file, and not the name of a method in the list. */
export const namesFile = async (given: string): Promise<boolean> =>
  /\.m?[jt]s$/.test(given) || (/[/\\]/.test(given) && (await exists(given)));

/** Imports the file and takes its default export, which `defineMethod` of "rlrr" has made. */
export async function loadMethodFile(path: string): Promise<Method> {
  if (!(await exists(path))) throw new InputError(`${path}: there is no such file.`);
  openDoors();
  const loaded: { readonly default?: unknown } = await import(pathToFileURL(resolve(path)).href).catch(
    (cause: unknown) => {
      throw new InputError(`${path}: ${explainImport(cause, path)}`, { cause });
    },
  );
  const method = checkMethod(loaded.default, path);
  if (methods.some(({ name }) => name === method.name))
    throw new InputError(
      `${path}: its method is called ${showValue(method.name)}, as one that is part of rlrr. Give it another name.`,
    );
  return method;
}

function explainImport(cause: unknown, path: string): string {
  const { code, message } =
    cause instanceof Error ? (cause as Error & { code?: unknown }) : { message: `${cause}` };
  if (code === "ERR_UNKNOWN_FILE_EXTENSION" && /^\.m?ts$/.test(extname(path)))
    return `Node.js ${process.versions.node} cannot read TypeScript. Use Node.js 22.18 or later, or write the file in JavaScript.`;
  return `it cannot be run: ${message}`;
}

const isFunction = z.custom<(...given: never[]) => unknown>((value) => typeof value === "function");
const methodSchema = z.looseObject({
  // It names files and stands in tables.
  name: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/),
  summary: z.string(),
  learningRate: z.number().gt(0),
  unmergeable: z.string().optional(),
  options: z.looseObject({ shape: z.record(z.string(), z.unknown()), safeParse: isFunction }),
  create: isFunction,
});

function checkMethod(value: unknown, path: string): Method {
  const parsed = methodSchema.safeParse(value);
  if (parsed.success) return value as Method;
  const [field] = parsed.error.issues[0]?.path ?? [];
  const flaw =
    field === undefined
      ? `it is ${showValue(value)}.`
      : `its ${String(field)} is ${showValue(Reflect.get(value as object, field))}.`;
  const rule = field === "name" ? " A name is lower-case letters, digits and hyphens." : "";
  throw new InputError(
    `${path}: its default export must be a method, made with defineMethod of "rlrr"; ${flaw}${rule}`,
  );
}

let isOpen = false;

/**
 * Makes "rlrr" in a user's file the very package that is running, wherever it is installed: compiled, in a checkout, or
 * fetched for one run.
 */
function openDoors(): void {
  if (isOpen) return;
  isOpen = true;
  const extension = extname(import.meta.url);
  const urlOf = (door: string) => new URL(`../${door}${extension}`, import.meta.url).href;
  const doors = { rlrr: urlOf("index"), "rlrr/node": urlOf("node") };
  // tsx, which reads TypeScript in a checkout, takes a file for CommonJS where no package.json says that it is a module.
  const importer = extension === ".ts" ? import.meta.url : undefined;
  const hook = `const doors = ${JSON.stringify(doors)};
export async function resolve(name, context, next) {
  if (Object.hasOwn(doors, name)) return next(doors[name], context);
  const found = await next(name, context);
  return context.parentURL === ${JSON.stringify(importer ?? "")} && /[.][jt]s$/.test(name) ? { ...found, format: "module" } : found;
}`;
  register(`data:text/javascript,${encodeURIComponent(hook)}`);
}
