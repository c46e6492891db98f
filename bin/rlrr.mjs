#!/usr/bin/env node
/** The command: TypeScript in a checkout, so that it is never older than its source; compiled JavaScript in a package. */

import { existsSync } from "node:fs";

const source = new URL("../src/cli/main.ts", import.meta.url);

async function registerTypeScript() {
  const { register } = await import("tsx/esm/api");
  // Else it would read the configuration of whatever folder the command is called in.
  register({ tsconfig: false });
}

if (!existsSync(source)) await import(new URL("../dist/cli/main.js", import.meta.url).href);
else
  await registerTypeScript().then(
    () => import(source.href),
    (error) => {
      if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
      console.error("The packages that rlrr needs are not installed. Run npm ci in its folder first.");
      process.exitCode = 1;
    },
  );
