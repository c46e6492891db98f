/** Puts the table of limits into docs/limits.md: npx tsx scripts/fill-limits.ts */

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Limit, limits } from "../src/limits.ts";

const sizes = [
  ["GiB", 2 ** 30],
  ["MiB", 2 ** 20],
  ["KiB", 2 ** 10],
] as const;

/** `32 MiB`, `60 s`, `1,024 blocks`. */
export function renderLimit({ value, unit }: Pick<Limit, "value" | "unit">): string {
  if (unit === "milliseconds") return `${value / 1000} s`;
  const [name, size] = sizes.find(([, bytes]) => unit === "bytes" && (value * 2) % bytes === 0) ?? [unit, 1];
  return `${(value / size).toLocaleString("en")} ${name}`.trim();
}

function renderTable(): string {
  const areas = new Set(Object.values(limits).map(({ area }) => area));
  return [...areas]
    .map((area) => {
      const rows = Object.entries(limits)
        .filter(([, limit]) => limit.area === area)
        .map(([name, limit]) => `| ${name} | ${renderLimit(limit)} | ${limit.reason} |`);
      return `### ${area}\n\n| name | limit | of what, and why |\n|---|---|---|\n${rows.join("\n")}`;
    })
    .join("\n\n");
}

/** The text with everything under its heading "The table" made anew, up to the next of that rank. */
export const fillLimits = (text: string): string =>
  text.replace(/^## The table\n[\s\S]*?(?=^## )/m, () => `## The table\n\n${renderTable()}\n\n`);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = new URL("../docs/limits.md", import.meta.url);
  writeFileSync(page, fillLimits(readFileSync(page, "utf8")));
}
