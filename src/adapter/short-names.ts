/** Short names of adapters by their folders, different for each. */

import { basename, dirname, resolve } from "node:path";

/** The folder's name, that of the run where it is only "adapter", or the path where two would be called alike. */
export function shortNames(paths: readonly string[]): readonly string[] {
  const names = paths.map((path) => {
    const whole = resolve(path);
    return basename(whole) === "adapter" ? basename(dirname(whole)) : basename(whole);
  });
  return names.map((name, at) =>
    names.indexOf(name) === names.lastIndexOf(name) ? name : (paths[at] as string),
  );
}
