import { describe, expect, it } from "vitest";
import { scorePredictions } from "../predict/metrics.ts";
import { renderReport } from "./report.ts";
import { worstMistakes } from "./worst-mistakes.ts";

/** A report on examples that are taken for the next class once in four. */
function report(classes: readonly string[], path = "test/a.jpg") {
  const labels = classes.flatMap((_, i) => [i, i, i, i]);
  const logits = new Float32Array(labels.length * classes.length);
  for (const [i, label] of labels.entries()) {
    logits[i * classes.length + (i % 4 === 3 ? (label + 1) % classes.length : label)] = 2;
  }
  const predictions = { logits, labels, classes: classes.length };
  const mistakes = worstMistakes(predictions, { count: 4 }).map((one, i) => ({
    ...one,
    path,
    thumbnail: i === 0 ? "data:image/jpeg;base64,AAAA" : undefined,
  }));
  return renderReport({
    split: "test",
    classes,
    metrics: scorePredictions(predictions),
    mistakes,
    title: "Flowers",
    subtitle: "an adapter",
    facts: [["Model", "vit-b16"]],
  });
}

const count = (text: string, part: string): number => text.split(part).length - 1;

describe("renderReport", () => {
  it("shows the numbers, the pictures, the classes and the facts", () => {
    const page = report(["cat", "dog", "eel"]);
    expect(page).toContain("<b>75.0<small>%</small></b><span>top-1 accuracy</span>");
    expect(page).toContain("3 of 3 wrong images");
    expect(page).toContain('<img src="data:image/jpeg;base64,AAAA" alt="" loading="lazy">');
    expect(count(page, "no picture")).toBe(2);
    // e² / (e² + 2) for the wrong class, 1 / (e² + 2) for the right one.
    expect(page).toContain(
      '<span class="said">dog</span> 79 %<br><span class="soft">is</span> <span class="right">cat</span> <span class="soft">11 %</span>',
    );
    expect(page).toContain("<title>cat taken for dog: 1 (25 %)</title>");
    expect(page).toContain("<title>cat: 3 right (75 %)</title>");
    expect(page).toContain("<dt>Model</dt><dd>vit-b16</dd>");
  });

  it("escapes names of classes and files", () => {
    const page = report(["<script>alert(1)</script>", `"onload="x`], `x/<img src=x onerror=alert(1)>".jpg`);
    expect(page).not.toMatch(/<script|<img src=x|"onload/);
    expect(page).toContain('title="x/&lt;img src=x onerror=alert(1)&gt;&quot;.jpg"');
  });

  it("hides the better of many classes, and names none of them on the map", () => {
    const page = report(Array.from({ length: 100 }, (_, i) => `class ${i}`));
    expect(page).toContain("<summary>75 more</summary>");
    expect(count(page, "<rect")).toBe(1 + 200);
    expect(count(page, "<text")).toBe(0);
  });

  it("leaves out the map where its cells would be too small", () => {
    const page = report(Array.from({ length: 201 }, (_, i) => `class ${i}`));
    expect(page).not.toContain("<svg");
    expect(page).toContain("The most frequent mistakes.");
    expect(page.length).toBeLessThan(150_000);
  });

  it("says so where there is no mistake, and where logits were broken", () => {
    const logits = Float32Array.from([1, 0, Number.NaN, 0]);
    const metrics = scorePredictions({ logits, labels: [0, 1], classes: 2 });
    const page = renderReport({
      split: "val",
      classes: ["a", "b"],
      metrics,
      mistakes: [],
      title: "",
      subtitle: "",
      facts: [],
    });
    expect(page).toContain("No mistakes");
    expect(page).toContain("1 gave logits that are not finite and count as wrong.");
  });
});
