/** A sample of `npm run soak`: runs killed at any instant resume to the same bits. */

import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { openEngine } from "../src/engine/open-engine.ts";
import { soak } from "./soak.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());

it("resumes to the same bits, wherever it was killed", async () => {
  const root = join(temporaryFolder("resume-kills"), "soak");
  const { failures, killed, instants } = await soak({ root, engine, random: 3, chosen: 8, seed: 7 });
  expect(failures).toEqual([]);
  expect(killed.chosen).toBe(8);
  expect(instants.fresh.all).toBeGreaterThan(200);
});
