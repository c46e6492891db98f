/** How the tests run: beside the files they prove, in `test/` where they cross folders. */

import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (door: string) => fileURLToPath(new URL(`./src/${door}.ts`, import.meta.url));

export default defineConfig({
  // What examples import, and methods of a user's own.
  resolve: {
    alias: [
      { find: /^rlrr$/, replacement: source("index") },
      { find: /^rlrr\/node$/, replacement: source("node") },
    ],
  },
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    // Theirs are `npm run test:packed`.
    exclude: ["test/packed/**", "node_modules/**"],
    setupFiles: ["test/close-to-tensor.ts", "test/own-cache.ts"],
    // A process a file: tests change the working directory, and native code that aborts takes one file with it.
    pool: "forks",
    maxWorkers: 2,
    // No test is timed: this only ends one that hangs, on the slowest machine too.
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
});
