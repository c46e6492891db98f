/** Cases of CLIPs and SigLIPs: tokenizers, prompts, text towers and features of texts. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseJson } from "../../src/files/read-json.ts";
import { renderHeader } from "../../src/formats/safetensors-header.ts";
import { readModel } from "../../src/model/read-model.ts";
import { openWeights } from "../../src/model/weight-source.ts";
import { readClassNames } from "../../src/zero-shot/class-names.ts";
import { readProjection, readScale, towerConfig } from "../../src/zero-shot/image-side.ts";
import { parsePrompts, readPrompts } from "../../src/zero-shot/prompts.ts";
import { readTextTower } from "../../src/zero-shot/read-text-tower.ts";
import { readTextFeatures } from "../../src/zero-shot/text-features-file.ts";
import { parseTextHints } from "../../src/zero-shot/text-hints.ts";
import { parseTokenizer, readTokenizer } from "../../src/zero-shot/tokenizer.ts";
import { byFormula } from "../../test/by-formula.ts";
import { zeroShotGolden } from "../../test/zero-shot-cases.ts";
import { decode, type FuzzCase } from "./fuzz-case.ts";

/** A safetensors file with tensors by the formula. */
function weightsFile(tensors: Readonly<Record<string, readonly number[]>>): Uint8Array {
  const header = renderHeader(new Map(Object.entries(tensors)));
  const numbers = Object.values(tensors).map((shape, at) => byFormula(at, shape).data);
  const bytes = numbers.map((data) => Buffer.from(Float32Array.from(data).buffer));
  return Buffer.concat([header, ...bytes]);
}

const features = { text: [3, 12] };

/** Their widths do not tell the heads. */
const twoHeads = { model_type: "clip", text_config: { num_attention_heads: 2 } };

export const zeroShotCases: readonly FuzzCase[] = [
  {
    name: "tokenizer",
    readers: ["zero-shot/tokenizer.ts parseTokenizer", "zero-shot/tokenizer.ts readTokenizer"],
    form: "json",
    share: 1,
    corpus: async () => zeroShotGolden.cases.map(({ tokenizer }) => JSON.stringify(tokenizer)),
    run: async (input, { folder, write }) => {
      const path = write("tokenizer.json", input);
      (await readTokenizer(folder)).encode("a photo of a cat.");
      parseTokenizer(
        { value: JSON.parse(readFileSync(path, "utf8")), settings: {} },
        { path, settingsPath: path },
      );
    },
  },
  {
    name: "prompts",
    readers: ["zero-shot/prompts.ts parsePrompts", "zero-shot/prompts.ts readPrompts"],
    form: "json",
    share: 2,
    corpus: async () => [JSON.stringify({ cat: ["a cat.", "cats"], dog: "a dog" })],
    run: async (input, { write }) => {
      const path = write("prompts.json", input);
      await readPrompts(path, ["cat", "dog"]);
      parsePrompts(parseJson(decode(input), "it"), { path, labels: ["cat"] });
    },
  },
  {
    name: "class-names",
    readers: ["zero-shot/class-names.ts readClassNames"],
    form: "text",
    share: 1,
    corpus: async () => ["cat\ndog\r\nowl\n"],
    run: async (input, { write }) => {
      await readClassNames(write("classes.txt", input));
    },
  },
  {
    name: "text-tower",
    readers: [
      "zero-shot/read-text-tower.ts readTextTower",
      "zero-shot/image-side.ts readProjection",
      "zero-shot/image-side.ts readScale",
    ],
    form: "bytes",
    share: 4,
    headerBytes: 8000,
    corpus: async () => zeroShotGolden.cases.map(({ tensors }) => weightsFile(tensors)),
    run: async (input, { write }) => {
      const path = write("model.safetensors", input);
      const source = await openWeights([path]);
      await readScale([source]);
      const config = write("text.json", Buffer.from(JSON.stringify(twoHeads)));
      const tower = await readTextTower(
        { id: "m", source: path, weights: [path], config, notes: [] },
        source,
      );
      await tower?.embed([0, 1]);
      const model = await readModel(path, { heads: 3 });
      towerConfig(model);
      await readProjection(model, source);
    },
  },
  {
    name: "text-hints",
    readers: ["zero-shot/text-hints.ts parseTextHints"],
    form: "json",
    share: 1,
    corpus: async () => [
      JSON.stringify({
        model_type: "clip",
        text_config: {
          num_attention_heads: 8,
          layer_norm_eps: 1e-5,
          hidden_act: "quick_gelu",
          pad_token_id: 1,
        },
      }),
    ],
    run: (input) => {
      parseTextHints(parseJson(decode(input), "it"), "config.json");
    },
  },
  {
    name: "text-features",
    readers: ["zero-shot/text-features-file.ts readTextFeatures"],
    form: "bytes",
    share: 2,
    headerBytes: 200,
    corpus: async () => [weightsFile(features)],
    run: async (input, { folder, write }) => {
      write("text.safetensors", input);
      await readTextFeatures(join(folder, "text.safetensors"), { classes: 3, features: 12 });
    },
  },
];
