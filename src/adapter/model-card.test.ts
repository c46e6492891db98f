import { describe, expect, it } from "vitest";
import { z } from "zod";
import { randomAdapter, tinyModel } from "../../test/tiny-model.ts";
import { defineMethod } from "../methods/method.ts";
import type { Adapter } from "./adapter.ts";
import { renderModelCard } from "./model-card.ts";

const adapter = await randomAdapter(tinyModel(), { name: "linear" }, { labels: ["rose", "tulip"] });

describe("renderModelCard", () => {
  it("has metadata for the hub and facts for people", () => {
    const card = renderModelCard({
      ...adapter,
      base: { id: "google/vit", sha256: "ab".repeat(32), revision: "c".repeat(40) },
      training: { epochs: 3, keptEpoch: 0, learningRate: 1e-3 },
    });
    expect(card).toBe(`---
base_model: google/vit
base_model_relation: adapter
library_name: rlrr
pipeline_tag: image-classification
tags:
- rlrr
- vision-transformer
---

# 2 classes on google/vit

A Vision Transformer adapted with \`linear\`: 34 trainable parameters, 34 in the head.
The backbone is not in this folder. It is google/vit of the hub, commit \`${"c".repeat(40)}\`; its weights have the hash \`${"ab".repeat(32)}\`.

\`\`\`
rlrr predict --adapter . photo.jpg
rlrr merge --adapter . --out merged
\`\`\`

| training | |
|---|---|
| method | {"name":"linear","options":{}} |
| epochs | 3 |
| learningRate | 0.001 |
| keptEpoch | 1 |

Classes: rose, tulip
`);
  });

  it.each(["/home/someone/secret/vit.safetensors", "C:\\models\\vit.safetensors", "../vit.safetensors"])(
    "keeps the path %s to itself",
    (id) => {
      const card = renderModelCard({ ...adapter, base: { ...adapter.base, id } });
      expect(card).toMatch(/^---\nlibrary_name: rlrr\n/);
      expect(card).not.toContain("secret");
      expect(card).toContain("rlrr predict --adapter . --model BACKBONE photo.jpg");
    },
  );

  it.each([
    ["a | b", "a \\| b"],
    ["two\r\nlines", "two lines"],
    ["<script>alert(1)</script>", "\\<script\\>alert(1)\\</script\\>"],
    ["`code` *bold* _thin_ [link](x)", "\\`code\\` \\*bold\\* \\_thin\\_ \\[link\\](x)"],
    ["back\\slash | bar", "back\\\\slash \\| bar"],
    ['"quoted" & 🦜', '"quoted" \\& 🦜'],
    ["reversed \u202etext", "reversed  text"],
  ])("shows %j as it is", (label, text) => {
    const card = renderModelCard({ ...adapter, labels: [label, "x"], training: { [label]: label } });
    expect(card).toContain(`| ${text} | ${text} |\n`);
    expect(card).toContain(`\nClasses: ${text}, x\n`);
  });

  it("counts what is too long to list, and leaves out what is not known", () => {
    const labels = Array.from({ length: 1000 }, (_, index) => `c${index}`);
    const card = renderModelCard({ ...adapter, labels, training: { validationTop1: undefined } });
    expect(card).toContain("c198, c199 and 800 more\n");
    expect(card).not.toContain("validationTop1");
    expect(card).not.toContain("accuracy");
  });

  it("says of its accuracy on what it was measured, or that nothing was", () => {
    const accuracyOf = (training: Adapter["training"]) =>
      /^\| accuracy \| (.*) \|$/m
        .exec(renderModelCard({ ...adapter, training }))?.[1]
        ?.replaceAll("\u00a0", " ");
    expect(accuracyOf({ validation: "held-out", validationImages: 20, validationTop1: 95 })).toBe(
      "top-1 95.0 % on 20 validation images, 95 % interval 76.4 to 99.1 %; they chose the epoch, so it is somewhat too high",
    );
    expect(accuracyOf({ validation: "none", validationImages: 0 })).toBe(
      "nothing was validated, so no accuracy is known",
    );
  });

  it.each([
    ["rlrr", true],
    ["vpt-deep", false],
  ])("tells how to merge where that can be done: %s", async (name, mergeable) => {
    const card = renderModelCard(await randomAdapter(tinyModel(), { name }));
    expect(card.includes("rlrr merge --adapter . --out merged\n")).toBe(mergeable);
  });

  it("asks for the file that defines a method of a user's own", () => {
    const ownMethod = defineMethod({
      ...{ name: "own", summary: "trains the head", learningRate: 1, options: z.strictObject({}) },
      create: () => ({ trainables: () => [] }),
    });
    const card = renderModelCard({ ...adapter, method: { name: "own", options: {} }, ownMethod });
    expect(card).toContain(
      "rlrr predict --adapter . --method FILE photo.jpg\nrlrr merge --adapter . --method FILE",
    );
  });
});
