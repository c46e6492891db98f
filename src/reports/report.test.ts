import { describe, expect, it } from "vitest";
import { scorePredictions } from "../predict/scorer.ts";
import { renderReport } from "./report.ts";
import { worstMistakes } from "./worst-mistakes.ts";

/** A report on examples, four of each class but the last, that are taken for the next class `wrong` times in four. */
function report(
  classes: readonly string[],
  { path = "test/a.jpg", wrong = 1, empty = 0, trainedOn = 0 } = {},
) {
  const labels = classes.slice(0, classes.length - empty).flatMap((_, i) => [i, i, i, i]);
  const logits = new Float32Array(labels.length * classes.length);
  for (const [i, label] of labels.entries())
    logits[i * classes.length + (i % 4 >= 4 - wrong ? (label + 1) % classes.length : label)] = 2;
  const metrics = scorePredictions({ logits, labels, classes: classes.length });
  const mistakes = worstMistakes(metrics).map((one, i) => ({
    ...one,
    path,
    thumbnail: i === 0 ? "data:image/jpeg;base64,AAAA" : undefined,
  }));
  const about = { title: "Flowers", subtitle: "an adapter", facts: [["Model", "vit-b16"]] as const };
  const uses = { trainedOn, validated: 0, heldOutCorrect: 0, knownBy: "content" } as const;
  return renderReport({ split: "test", classes, metrics, uses, mistakes, ...about }).replaceAll(
    "\u00a0",
    " ",
  );
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `class ${i}`);
const count = (text: string, part: string): number => text.split(part).length - 1;
/** What links lead to, and whether it is there, once. */
const targets = (page: string) =>
  [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => count(page, ` id="${id}"`));

describe("renderReport", () => {
  it("shows the numbers, the pictures, the classes and the facts", () => {
    const page = report(["cat", "dog", "eel"]);
    expect(page).toContain("<b>75.0<small>%</small></b><span>top-1 accuracy</span>");
    expect(page).not.toContain("top-5");
    expect(page).toContain("3 of 12 images got a wrong label");
    expect(page).toContain(
      '<img src="data:image/jpeg;base64,AAAA" alt="cat, taken for dog: a.jpg" loading="lazy">',
    );
    expect(count(page, "no picture")).toBe(2);
    // e² / (e² + 2) for the wrong class, 1 / (e² + 2) for the image's own.
    expect(page).toContain(
      '<span class="said">dog</span> 79 %<br><span class="soft">is</span> <span class="is">cat</span> <span class="soft">11 %</span>',
    );
    expect(page).toContain("<title>cat taken for dog: 1 (25 % of the class)</title>");
    expect(page).toContain("<title>cat correct: 3 (75 % of the class)</title>");
    expect(page).toContain("<dt>Model</dt><dd>vit-<wbr>b16</dd>");
  });

  it("says of every accuracy its split, its images and how sure it is", () => {
    const page = report(names(20));
    const note = "80 test images, 95 % interval";
    expect(page).toContain(`<span>top-1 accuracy</span><em>${note} 64.5 to 83.2 %</em>`);
    expect(page).toContain(`<span>top-5 accuracy</span><em>${note}`);
  });

  it("warns above all numbers of images that were trained on", () => {
    const page = report(["cat", "dog", "eel"], { trainedOn: 7 });
    const warning =
      '<div class="notice warning"><p>7 of these 12 images were trained on; accuracy on images that were trained on says little of others.</p>';
    expect(page).toContain(warning);
    expect(page.indexOf(warning)).toBeLessThan(page.indexOf('<div class="headlines">'));
    const clean = report(["cat", "dog", "eel"]);
    expect(clean).toContain('<div class="notice"><p>None of them was trained on.</p></div>');
    expect(clean).not.toContain("notice warning");
  });

  it("leaves classes without images out of the means, and says so", () => {
    const page = report(names(4), { empty: 2 });
    expect(count(page, "<em>mean over 2 classes with images</em>")).toBe(2);
    expect(page).toContain("2 without test images have no scores and are left out of all means.");
    expect(page).toContain('<td class="number">–</td>');
  });

  it.each([3, 40])("leads from each mistake among %d classes to its pictures, once each", (classes) => {
    const page = report(names(classes), { wrong: 2 });
    const found = targets(page);
    // The cell of each pair, the table of ten, and the pages.
    expect(found.length).toBe(classes + Math.min(10, classes) + (classes === 40 ? 2 : 0));
    expect(new Set(found)).toEqual(new Set([1]));
  });

  it("shows every mistake, in pages where there are many", () => {
    const page = report(names(60), { wrong: 2 });
    expect(count(page, '<li id="image-')).toBe(120);
    expect(page).toContain("Page 3 of 3");
    expect(page).not.toMatch(/<script|https?:/);
  });

  it("lists by name what is beyond a thousand pictures", () => {
    const page = report(names(300), { wrong: 4 });
    expect(count(page, '<li id="image-')).toBe(1000);
    expect(page).toContain("<summary>200 more, without pictures</summary>");
    expect(count(page, "<td>test/<wbr>a.<wbr>jpg</td>")).toBe(200);
  });

  it("escapes names of classes and files", () => {
    const path = `x/<img src=x onerror=alert(1)>".jpg`;
    const page = report(["<script>alert(1)</script>", `"onload="x`], { path });
    expect(page).not.toMatch(/<script|<img src=x|"onload/);
    expect(page).toContain('title="x/&lt;img src=x onerror=alert(1)&gt;&quot;.jpg"');
  });

  it("names a hundred classes on the map, and hides the better ones of the table", () => {
    const page = report(names(100));
    expect(page).toContain("<summary>75 more</summary>");
    expect(count(page, "<rect")).toBe(1 + 200);
    expect(count(page, "<text")).toBe(200);
  });

  it("leaves out the map where its cells would be too small", () => {
    const page = report(names(201));
    expect(page).not.toContain("<svg");
    expect(page).toContain("The most frequent mistakes.");
    expect(page.length).toBeLessThan(250_000);
  });

  it("says so where there is no mistake, and where logits were broken", () => {
    const logits = Float32Array.from([1, 0, Number.NaN, 0]);
    const metrics = scorePredictions({ logits, labels: [0, 1], classes: 2 });
    const about = { title: "", subtitle: "", facts: [], mistakes: [] };
    const page = renderReport({ split: "val", classes: ["a", "b"], metrics, ...about });
    expect(page).toContain("No mistakes");
    expect(page).toContain("1 more gave logits that are not finite; they count as wrong and are not shown.");
  });
});
