/** Loads a user's own method from the file that defines it. The file is code, run because the user named it. */

import module, { register } from "node:module";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { InputError } from "../errors.ts";
import { exists } from "../files/exists.ts";
import { showValue } from "../files/show-value.ts";
import { ownModule } from "../own-package.ts";
import type { Method } from "./method.ts";
import { methods } from "./methods.ts";

/** Whether `--method` is given a file, and not the name of a method in the list. */
export const namesFile = async (given: string): Promise<boolean> =>
  /\.m?[jt]s$/.test(given) || (/[/\\]/.test(given) && (await exists(given)));

/** Imports the file and takes its default export, which `defineMethod` of "rlrr" has made. */
export async function loadMethodFile(path: string): Promise<Method> {
  if (!(await exists(path))) throw new InputError(`${path}: there is no such file.`);
  openDoors();
  const { href } = pathToFileURL(resolve(path));
  const loaded = await importFile(href).catch((cause: unknown) => {
    throw new InputError(`${path}: ${explainImport(cause, path)}`, { cause });
  });
  const method = checkMethod(loaded.default, path);
  if (methods.some(({ name }) => name === method.name))
    throw new InputError(
      `${path}: its method is called ${showValue(method.name)}, as one that is part of rlrr. Give it another name.`,
    );
  return method;
}

/** No bundler shall look for it: it is not there while a bundle is made. */
const importFile = (href: string): Promise<{ readonly default?: unknown }> =>
  import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ href);

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

interface Context {
  readonly parentURL?: string;
}
type Next<Found> = (name: string, context: Context) => Found;

/** Node's own way from 22.15 on, which its types do not know yet; before that there is `register`. */
const { registerHooks } = module as {
  registerHooks?: (hooks: {
    resolve: <Found extends object>(name: string, context: Context, next: Next<Found>) => Found;
  }) => void;
};

let isOpen = false;

/**
 * Makes "rlrr" in a user's file the very package that is running, wherever it is installed: compiled, in a checkout, or
 * fetched for one run. And in a checkout it makes the file a module, since tsx takes one for CommonJS where no
 * package.json says otherwise.
 */
function openDoors(): void {
  if (isOpen) return;
  isOpen = true;
  const urlOf = (door: string) => ownModule(door).href;
  const doors = new Map([
    ["rlrr", urlOf("index")],
    ["rlrr/node", urlOf("node")],
  ]);
  // What this file imports, in a checkout.
  const self = ownModule("methods/load-method").href;
  const importer = extname(self) === ".ts" ? self : "";
  if (registerHooks) {
    registerHooks({
      resolve: (name, context, next) => {
        const found = next(doors.get(name) ?? name, context);
        return context.parentURL === importer && name.startsWith("file:")
          ? { ...found, format: "module" }
          : found;
      },
    });
    return;
  }
  // The same on the thread of loaders, which shares no variables with this one.
  const hook = `const [doors, importer] = [new Map(${JSON.stringify([...doors])}), ${JSON.stringify(importer)}];
export async function resolve(name, context, next) {
  const found = await next(doors.get(name) ?? name, context);
  return context.parentURL === importer && name.startsWith("file:") ? { ...found, format: "module" } : found;
}`;
  register(`data:text/javascript,${encodeURIComponent(hook)}`);
}
