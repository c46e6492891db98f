/** npm run soak: kills hundreds of training runs and sees that each goes on to the same bits. Takes some ten minutes. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openEngine } from "../src/engine/open-engine.ts";
import { soak } from "../test/soak.ts";

const { values } = parseArgs({
  options: {
    random: { type: "string", default: "200" },
    chosen: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
  },
});
const [random, chosen, seed] = [values.random, values.chosen, values.seed].map(Number) as [
  number,
  number,
  number,
];

const root = await mkdtemp(join(tmpdir(), "rlrr-soak-"));
const engine = await openEngine({ threads: 1 });
try {
  const tell = (line: string) => console.log(line);
  const { killed, instants, resumedAt, failures } = await soak({ root, engine, random, chosen, seed, tell });
  console.log(`seed ${seed}
instants of a new run: ${instants.fresh.all} of ${instants.fresh.kinds} kinds, of one that goes on: ${instants.resumed.all} of ${instants.resumed.kinds} kinds
killed at a chosen instant: ${killed.chosen} of ${chosen}
killed at a random moment: ${killed.random} of ${random}
went on after step (times): ${Object.entries(resumedAt)
    .map(([step, times]) => `${step} (${times})`)
    .join(", ")}
went on to other bits, or not at all: ${failures.length}${failures.map((line) => `\n  ${line}`).join("")}`);
  process.exitCode = failures.length > 0 ? 1 : 0;
} finally {
  await engine.close();
  await rm(root, { recursive: true, force: true });
}
process.exit();
