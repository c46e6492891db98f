/** The tests of the packed package: they install it, and bundlers, from npm's registry, so `npm test` leaves them out. */

import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    include: ["test/packed/*.test.ts"],
    pool: "forks",
    maxWorkers: 1,
    // No test is timed: this only ends one that hangs, on the slowest machine too.
    testTimeout: 1_200_000,
    hookTimeout: 1_200_000,
  },
});
