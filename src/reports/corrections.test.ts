import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { csvCell } from "../datasets/csv-cell.ts";
import { parseCorrections } from "../datasets/read-corrections.ts";
import { scorePredictions } from "../predict/scorer.ts";
import { attributeJson } from "./corrections.ts";
import { correctionsFunction } from "./corrections-script.ts";
import { renderReport } from "./report.ts";

const toCsv = new Function(`${correctionsFunction} return toCsv;`)() as (rows: readonly string[][]) => string;
const classes = ["cat", `"><script>alert(1)</script>`, "=1", "\u202eback"];

function page(name: { file: string; sha256: string } | undefined) {
  const logits = Float32Array.from([0, 1, 0, 0]);
  const metrics = scorePredictions({ logits, labels: [0], classes: 4 });
  const mistakes = metrics.mistakes.map((one) => ({ ...one, path: "a", thumbnail: undefined, name }));
  return renderReport({
    ...{ split: "test" as const, classes, metrics, mistakes, title: "", subtitle: "", facts: [] },
  });
}

describe("corrections of a report", () => {
  it("are saved as they are read", () => {
    const sha256 = "0".repeat(64);
    const rows = [
      ["cat/1.jpg", sha256, "cat", "relabel", "=1"],
      ["=x/a,b.jpg", sha256, `"q"`, "keep", ""],
      ["'@two\nlines.jpg", "", "-1", "remove", ""],
    ];
    expect(parseCorrections(toCsv(rows), "c.csv")).toMatchObject([
      { file: "cat/1.jpg", oldLabel: "cat", action: "relabel", newLabel: "=1" },
      { file: "=x/a,b.jpg", oldLabel: `"q"`, action: "keep" },
      { file: "'@two\nlines.jpg", oldLabel: "-1", action: "remove" },
    ]);
    for (const text of ["=1", "'=1", "a,b", `a"b`, "＝x", "plain", "\tx", "-"])
      expect(
        toCsv([[text]])
          .split("\n")
          .slice(1)
          .join("\n"),
      ).toBe(`${csvCell(text)}\n`);
  });

  it("need a script that no other can take the place of", () => {
    const text = page({ file: "cat/1.jpg", sha256: "0".repeat(64) });
    const [, script = ""] = /<script>([\s\S]*?)<\/script>/.exec(text) ?? [];
    const hash = createHash("sha256").update(script).digest("base64");
    expect(text).toContain(`script-src &#39;sha256-${hash}&#39;"`);
    expect(text.match(/<script/g)).toHaveLength(1);
    expect(text).not.toMatch(/https?:|fetch|XMLHttp|unsafe-eval/);
    expect(text).toContain(
      `<figure data-image="{&quot;file&quot;:&quot;cat/1.jpg&quot;,&quot;sha256&quot;:&quot;${"0".repeat(64)}&quot;,&quot;label&quot;:0,&quot;predicted&quot;:1}">`,
    );
  });

  it("are not asked for where images have no names, and then no script runs", () => {
    const text = page(undefined);
    expect(text).not.toMatch(/<script|script-src|data-image|id="corrections"/);
  });

  it("keep every character of a name", () => {
    const name = "a\u202e\u0007\u2028\"<'&é🦜";
    expect(attributeJson(name)).toMatch(/^[^\p{Cc}\p{Bidi_C}\u2028]*$/u);
    expect(JSON.parse(attributeJson(name))).toBe(name);
  });
});
