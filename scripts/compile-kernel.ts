/** Compiles src/spectra/tridiagonal.wat into the module that carries its bytes. Run after every change of it: npx tsx scripts/compile-kernel.ts */

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import loadWabt from "wabt";

const source = new URL("../src/spectra/tridiagonal.wat", import.meta.url);
const target = new URL("../src/spectra/kernel-bytes.ts", import.meta.url);

/** WebAssembly of the kernel, as text in base64. */
export async function compileKernel(): Promise<string> {
  const wabt = await loadWabt();
  const module = wabt.parseWat(fileURLToPath(source), readFileSync(source, "utf8"), { simd: true });
  try {
    return Buffer.from(module.toBinary({}).buffer).toString("base64");
  } finally {
    module.destroy();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lines = ((await compileKernel()).match(/.{1,100}/g) ?? []).map((line) => `  "${line}",`);
  writeFileSync(
    target,
    `/** tridiagonal.wat, compiled by scripts/compile-kernel.ts. */\nexport const kernelBytes = [\n${lines.join("\n")}\n].join("");\n`,
  );
}
