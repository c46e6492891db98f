/** Tests keep what this program remembers and converts in a folder of their own, and leave the user's cache alone. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

if (process.env.RLRR_CACHE === undefined) {
  const folder = mkdtempSync(join(tmpdir(), "rlrr-cache-"));
  process.env.RLRR_CACHE = folder;
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
}
