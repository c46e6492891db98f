import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { fillLimits, renderLimit } from "../scripts/fill-limits.ts";
import { limits } from "./limits.ts";

const src = fileURLToPath(new URL(".", import.meta.url));
const sources = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
  .map((path) => [path, readFileSync(join(src, path), "utf8")] as const);

/** Constants that are limits by their name, and have a number of their own. */
const ownLimits = (source: string): string[] =>
  [...source.matchAll(/^(?:export )?const ((?:MAX|MOST)_\w+|\w*_LIMIT\w*)(?:: number)? = [\d(]/gm)].map(
    ([, name = ""]) => name,
  );

describe("the table of limits", () => {
  it("has each limit that a constant is", () => {
    const own = sources.flatMap(([path, source]) => ownLimits(source).map((name) => `${path} ${name}`));
    // Of GIF's own format.
    expect(own).toEqual([join("images", "decode-gif.ts MAX_CODES")]);
  });

  it("tells a constant that has a number of its own", () => {
    const source =
      "const MAX_A = 5;\nexport const B_LIMIT_MS = (1);\nconst MAX_C = limits.MAX_C.value;\nconst A = 5;";
    expect(ownLimits(source)).toEqual(["MAX_A", "B_LIMIT_MS"]);
  });

  it("has no row that nothing enforces", () => {
    const all = sources.map(([, source]) => source).join("\n");
    expect(
      Object.keys(limits).filter(
        (name) => !new RegExp(`limits\\.${name}\\b|\\} = limits\\.${name}\\b`).test(all),
      ),
    ).toEqual([]);
  });

  it.each(Object.entries(limits))("says %s in one sentence, and bounds something", (_, { value, reason }) => {
    expect(Number.isFinite(value) && value > 0).toBe(true);
    expect(reason).toMatch(/^[A-Z].*[^.]\.$/);
  });
});

describe("docs/limits.md", () => {
  it("is made from the table; npx tsx scripts/fill-limits.ts renews it", () => {
    const page = readFileSync(join(src, "..", "docs", "limits.md"), "utf8");
    expect(page).toBe(fillLimits(page));
    for (const name of Object.keys(limits)) expect(page, name).toContain(`| ${name} |`);
  });

  it.each([
    [{ value: 32 * 2 ** 20, unit: "bytes" }, "32 MiB"],
    [{ value: 2.5 * 2 ** 30, unit: "bytes" }, "2.5 GiB"],
    [{ value: 100_000_000, unit: "bytes" }, "100,000,000 bytes"],
    [{ value: 1024, unit: "blocks" }, "1,024 blocks"],
    [{ value: 60_000, unit: "milliseconds" }, "60 s"],
    [{ value: 200_000, unit: "" }, "200,000"],
  ])("prints %j as %s", (limit, text) => {
    expect(renderLimit(limit)).toBe(text);
  });
});
