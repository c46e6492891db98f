/** Packages that only some users need, and install themselves beside this one: looked for when they are used. */

import module from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { InputError } from "./errors.ts";
import { ownFile } from "./own-package.ts";

export interface NeededPackage {
  readonly name: string;
  /** What it needs itself and does not bring. */
  readonly beside?: readonly string[];
  /** What it is for, the beginning of a sentence, and how it is installed. */
  readonly use: string;
  readonly install: string;
}

/** The package that the working folder or this program sees. */
export async function importInstalled<T>({ name, beside = [], use, install }: NeededPackage): Promise<T> {
  for (const place of [join(process.cwd(), "package.json"), ownFile("package.json")]) {
    const path = resolveFrom(place, [...beside, name]);
    if (path !== undefined) return importFile(pathToFileURL(path).href) as Promise<T>;
  }
  throw new InputError(
    `${use}, which is not installed here. Install it with: npm install --ignore-scripts ${install}`,
  );
}

/** No bundler shall look for it: most bundles are made where it is not installed. */
const importFile = (href: string): Promise<unknown> =>
  import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ href);

/** The last of the packages, where all are there. */
function resolveFrom(place: string, names: readonly string[]): string | undefined {
  try {
    const { resolve } = module.createRequire(place);
    return names.map((name) => resolve(name)).at(-1);
  } catch {
    return undefined;
  }
}
