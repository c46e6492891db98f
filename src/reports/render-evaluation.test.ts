import { describe, expect, it } from "vitest";
import { scorePredictions } from "../predict/scorer.ts";
import { renderEvaluation } from "./render-evaluation.ts";

/** Logits that say `predicted` for each example. */
function evaluate(
  classes: readonly string[],
  answers: readonly (readonly [label: number, predicted: number])[],
) {
  const logits = new Float32Array(answers.length * classes.length);
  for (const [i, [, predicted]] of answers.entries()) logits[i * classes.length + predicted] = 1;
  const labels = answers.map(([label]) => label);
  return {
    split: "test" as const,
    classes,
    metrics: scorePredictions({ logits, labels, classes: classes.length }),
  };
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `class ${i}`);

describe("renderEvaluation", () => {
  it("shows every class and the matrix where there are few", () => {
    const text = renderEvaluation(
      evaluate(
        ["D", "E", "H"],
        [
          [0, 0],
          [0, 0],
          [1, 1],
          [1, 0],
        ],
      ),
    );
    expect(text).toMatchInlineSnapshot(`
      "test: 4 images of 2 classes; 1 class without images, excluded from the means
      top-1 75.00 % (95 % interval 30.06 to 95.44 %), loss 0.8014
      mean over classes: precision 83.3 %, recall 75.0 %, F1 73.3 %

      class  images  precision  recall    F1
      ─────  ──────  ─────────  ──────  ────
      D           2       66.7   100.0  80.0
      E           2      100.0    50.0  66.7
      H           0          –       –     –

      Rows are the images' classes, columns what was predicted:

         D  E  H
      ─  ─  ─  ─
      D  2  ·  ·
      E  1  1  ·
      H  ·  ·  ·"
    `);
  });

  it("numbers the columns where names are long", () => {
    const text = renderEvaluation(
      evaluate(
        ["tabby cat", "golden retriever"],
        [
          [0, 1],
          [1, 1],
        ],
      ),
    );
    expect(text.split("\n\n").at(-1)).toMatchInlineSnapshot(`
      "class               1  2
      ──────────────────  ─  ─
      1 tabby cat         ·  1
      2 golden retriever  ·  1"
    `);
  });

  it("stays readable with a hundred classes", () => {
    const right = names(99).flatMap(
      (_, i) =>
        [
          [i, i],
          [i, i],
        ] as const,
    );
    const text = renderEvaluation(evaluate(names(100), [...right, [7, 9], [7, 9], [3, 4]]));
    expect(text).toMatchInlineSnapshot(`
      "test: 201 images of 99 classes; 1 class without images, excluded from the means
      top-1 98.51 % (95 % interval 95.70 to 99.49 %), loss 3.6371
      top-5 99.00 % (95 % interval 96.45 to 99.73 %)
      mean over classes: precision 99.2 %, recall 99.2 %, F1 98.9 %

      The 10 classes with the lowest F1:

      class    images  precision  recall     F1
      ───────  ──────  ─────────  ──────  ─────
      class 7       4      100.0    50.0   66.7
      class 9       2       50.0   100.0   66.7
      class 3       3      100.0    66.7   80.0
      class 4       2       66.7   100.0   80.0
      class 0       2      100.0   100.0  100.0
      class 1       2      100.0   100.0  100.0
      class 2       2      100.0   100.0  100.0
      class 5       2      100.0   100.0  100.0
      class 6       2      100.0   100.0  100.0
      class 8       2      100.0   100.0  100.0

      Median F1 100.0 %, 95 classes without a mistake.

      The most frequent of 3 mistakes:

      class    taken for  images  of the class
      ───────  ─────────  ──────  ────────────
      class 7  class 9         2          50 %
      class 3  class 4         1          33 %"
    `);
    expect(text.split("\n").length).toBeLessThan(35);
  });

  it("says so where nothing is mistaken", () => {
    const text = renderEvaluation(evaluate(["a", "b"], [[0, 0]]));
    expect(text.split("\n\n").at(-1)).toBe("No class is mistaken for another.");
  });

  it("tells of logits that are not finite", () => {
    const metrics = scorePredictions({
      logits: new Float32Array(4).fill(Number.NaN),
      labels: [0, 1],
      classes: 2,
    });
    expect(
      renderEvaluation({ split: "val", classes: ["a", "b"], metrics }).split("\n\n")[0],
    ).toMatchInlineSnapshot(`
      "val: 2 images of 2 classes
      Where the epoch to keep was chosen on them, accuracy on them is somewhat too high.
      top-1 0.00 % (95 % interval 0.00 to 65.76 %), loss –
      mean over classes: precision 0.0 %, recall 0.0 %, F1 0.0 %
      2 images gave logits that are not finite, counted as wrong."
    `);
  });

  it("says before any number what was trained on", () => {
    const uses = { trainedOn: 1, validated: 0, heldOutCorrect: 1, knownBy: "content" } as const;
    const answers = [
      [0, 0],
      [1, 1],
    ] as const;
    const text = renderEvaluation({ ...evaluate(["a", "b"], answers), uses });
    expect(text.split("\n").slice(0, 4)).toEqual([
      "test: 2 images of 2 classes",
      "1 of these 2 images were trained on; accuracy on images that were trained on says little of others.",
      "Top-1 on the other 1: 100.00 % (95 % interval 20.65 to 100.00 %).",
      "top-1 100.00 % (95 % interval 34.24 to 100.00 %), loss 0.3133",
    ]);
  });

  it("can not be broken by a hostile class name", () => {
    const text = renderEvaluation(
      evaluate(
        ["a\n\u001b[2J", "b".repeat(300)],
        [
          [0, 0],
          [1, 0],
        ],
      ),
    );
    expect(text).not.toContain("\u001b");
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThan(90);
  });
});
