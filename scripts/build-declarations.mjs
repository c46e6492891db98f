/** Declarations of the doors and of all that they name, for `import` and once more for `require`; the others are dropped. */

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";

/** `from "./a.ts"`, `import("./a.ts")`. */
const specifier = /(\bfrom |\bimport\()"(\.[^"]+)\.ts"/g;

/** The files that these doors lead to, by their paths without extension. */
function reach(dist, doors) {
  const texts = new Map();
  const visit = (name) => {
    if (texts.has(name)) return;
    const text = readFileSync(join(dist, `${name}.d.ts`), "utf8");
    texts.set(name, text);
    for (const [, , to] of text.matchAll(specifier)) visit(posix.join(posix.dirname(name), to));
  };
  doors.forEach(visit);
  return texts;
}

/** Not beside the code: Next.js takes all files there for code, and finds ES syntax in declarations of CommonJS wrong. */
export function moveDeclarations({ from, to, doors }) {
  const texts = reach(from, doors);
  for (const path of readdirSync(from, { recursive: true, encoding: "utf8" }))
    if (path.endsWith(".d.ts")) rmSync(join(from, path));
  for (const [name, text] of texts) {
    mkdirSync(dirname(join(to, name)), { recursive: true });
    writeFileSync(join(to, `${name}.d.ts`), text.replace(specifier, '$1"$2.js"'));
    writeFileSync(join(to, `${name}.d.cts`), text.replace(specifier, '$1"$2.cjs"'));
  }
}
