import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { byFormula } from "../../test/by-formula.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { writeZeroShotCase, zeroShotGolden } from "../../test/zero-shot-cases.ts";
import { openEngine } from "../engine/open-engine.ts";
import { writeSafetensors } from "../formats/safetensors.ts";
import type { Tensor } from "../formats/tensor.ts";
import { readWeight } from "../formats/weight-bytes.ts";
import { locateModel } from "../model/locate-model.ts";
import { readModel } from "../model/read-model.ts";
import { openWeights } from "../model/weight-source.ts";
import { needed } from "../needed.ts";
import { readTextTower } from "./read-text-tower.ts";
import { zeroShot } from "./zero-shot.ts";

const folder = temporaryFolder("text-tower");
const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());

const [clip, siglip] = zeroShotGolden.cases;
const towerIn = async (path: string) => {
  const located = await locateModel(path);
  return readTextTower(located, await openWeights(located.weights));
};

/** OpenCLIP's names of what stands within `text_model`. */
const openClipNames: readonly (readonly [RegExp, string])[] = [
  [/^embeddings\.token_embedding/, "token_embedding"],
  [/^embeddings\.position_embedding\.weight/, "positional_embedding"],
  [/^final_layer_norm/, "ln_final"],
  [/^head/, "text_projection"],
  [/^encoder\.layers/, "transformer.resblocks"],
  [/layer_norm([12])/, "ln_$1"],
  [/self_attn\.out_proj/, "attn.out_proj"],
  [/mlp\.fc1/, "mlp.c_fc"],
  [/mlp\.fc2/, "mlp.c_proj"],
];

/** SigLIP's text tower as OpenCLIP's files have it: queries, keys and values in one. */
function asOpenClip(): ReadonlyMap<string, Tensor> {
  const { tensors } = needed(siglip, "SigLIP");
  const written = new Map<string, Tensor>();
  for (const [at, [name, shape]] of Object.entries(tensors).entries()) {
    const [, own] = /^text_model\.(.*)/.exec(name) ?? [];
    const [, block, kind] = /^encoder\.layers\.(\d+)\.self_attn\.q_proj\.(.*)/.exec(own ?? "") ?? [];
    if (own === undefined || (kind === undefined && /[qkv]_proj/.test(own))) continue;
    if (kind === undefined) {
      const theirs = openClipNames.reduce((rest, [from, to]) => rest.replace(from, to), own);
      written.set(`text.${theirs}`, byFormula(at, shape));
      continue;
    }
    const names = Object.keys(tensors);
    const parts = ["q", "k", "v"].map((letter) => {
      const index = names.indexOf(name.replace("q_proj", `${letter}_proj`));
      return byFormula(index, shape).data;
    });
    const [rows = 0, ...columns] = shape;
    written.set(`text.transformer.resblocks.${block}.attn.in_proj_${kind}`, {
      shape: [3 * rows, ...columns],
      data: Float32Array.from(parts.flatMap((part) => [...part])),
    });
  }
  return written;
}

describe("a text tower", () => {
  it("of SigLIP answers the same under OpenCLIP's names, which have a bias after the last matrix", async () => {
    const one = needed(siglip, "SigLIP");
    const model = await writeZeroShotCase(one, join(folder, "siglip"));
    const textModel = await writeZeroShotCase(one, join(folder, "open-clip"));
    await writeSafetensors(join(textModel, "model.safetensors"), asOpenClip());
    const headOf = async (name: string, more: object) => {
      const out = join(folder, name);
      await zeroShot({ model, classes: ["red fox", "cat"], out, engine, ...more });
      const { weights } = await readModel(out);
      return readWeight(needed(weights.get("head.weight"), "head.weight"));
    };
    const own = await headOf("own", {});
    expect((await headOf("other", { textModel })).data).toEqual(own.data);
  });

  it("alone is read by its own config.json", async () => {
    const path = await writeZeroShotCase(needed(clip, "CLIP"), join(folder, "alone"));
    const text = { num_attention_heads: 4, hidden_act: "gelu", layer_norm_eps: 1e-4 };
    writeFileSync(join(path, "config.json"), JSON.stringify({ model_type: "clip_text_model", ...text }));
    const tower = needed(await towerIn(path), "tower");
    expect(tower.config).toMatchObject({ heads: 4, activation: "gelu", layerNormEps: 1e-4 });
    expect(tower.notes).toEqual([]);
  });

  it("says what is assumed where a config.json says nothing of it, and asks for heads that the width does not tell", async () => {
    const [, , openClip] = zeroShotGolden.cases;
    const path = await writeZeroShotCase(needed(openClip, "OpenCLIP"), join(folder, "unsaid"));
    writeFileSync(join(path, "config.json"), JSON.stringify({ architecture: "vit_base_patch16_clip_224" }));
    expect((await towerIn(path))?.notes).toEqual([
      "No config.json says what the text tower computes; assumed are exact GELU, a layer-norm epsilon of 0.00001 and 1 head (from the width).",
    ]);
    const narrow = await writeZeroShotCase(needed(clip, "CLIP"), join(folder, "narrow"));
    rmSync(join(narrow, "config.json"));
    await expect(towerIn(narrow)).rejects.toThrow(
      "nothing tells the number of heads of its text tower, whose width is 16. The config.json of the same model does.",
    );
  });

  it("refuses a matrix that lies transposed, though it has as many numbers", async () => {
    const one = needed(clip, "CLIP");
    const name = "text_model.encoder.layers.1.mlp.fc1.weight";
    const shape = needed(one.tensors[name], name);
    const tensors = { ...one.tensors, [name]: [...shape].reverse() };
    const path = await writeZeroShotCase({ ...one, tensors }, join(folder, "transposed"));
    await expect(towerIn(path)).rejects.toThrow(
      `tensor "${name}" has shape [${[...shape].reverse().join(", ")}]; this text tower needs [${shape.join(", ")}].`,
    );
  });
});
