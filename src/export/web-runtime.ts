/** Finds ONNX Runtime Web where its user has installed it: it is too large to come with this package. */

import { readFile } from "node:fs/promises";
import module from "node:module";
import { dirname, join } from "node:path";
import { InputError } from "../errors.ts";
import { ownFile } from "../own-package.ts";

const packageName = "onnxruntime-web/wasm";

/** The build for the CPU alone: 14 MB of WebAssembly, and its JavaScript in one file. */
const names = { code: "ort.wasm.bundle.min.mjs", wasm: "ort-wasm-simd-threaded.wasm" };

/** The files of the package that the working folder or this program sees. */
export async function readWebRuntime(
  from: readonly string[] = [join(process.cwd(), "package.json"), ownFile("package.json")],
): Promise<{ readonly code: Uint8Array; readonly wasm: Uint8Array }> {
  for (const place of from) {
    const folder = resolveFrom(place);
    if (folder === undefined) continue;
    const [code, wasm] = await Promise.all(
      [names.code, names.wasm].map((name) => readFile(join(folder, name))),
    );
    if (code && wasm) return { code, wasm };
  }
  throw new InputError(
    "A page holds ONNX Runtime Web, 14 MB of WebAssembly, which is not installed here. Install it with: npm install --ignore-scripts onnxruntime-web@1.30",
  );
}

function resolveFrom(place: string): string | undefined {
  try {
    // By another name than its own: bundlers would look for the package while they make a bundle.
    return dirname(module.createRequire(place).resolve(packageName));
  } catch {
    return undefined;
  }
}
