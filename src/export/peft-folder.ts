/** Writes an adapter as a folder of Hugging Face's peft, and for its proof computes what peft makes of it. */

import { join } from "node:path";
import { peftAdapter } from "../adapter/peft-adapter.ts";
import { InputError } from "../errors.ts";
import { readJson } from "../files/read-json.ts";
import { writeFileAtomically } from "../files/write-file.ts";
import { readSafetensors, readTensor, writeSafetensors } from "../formats/safetensors.ts";
import type { Tensor, Weight } from "../formats/tensor.ts";
import { readWeight } from "../formats/weight-bytes.ts";
import { plainVitOf } from "../model/architectures.ts";
import type { Model } from "../model/model.ts";
import { renderJson } from "../model/write-model.ts";
import { needed } from "../needed.ts";
import { openModelCandidate } from "./model-candidate.ts";
import { mergedWeights } from "./safetensors-folder.ts";
import type { ExportParts, WrittenFolder } from "./targets.ts";

const weightsName = "adapter_model.safetensors";
const configName = "adapter_config.json";

export async function writePeftFolder(folder: string, parts: ExportParts): Promise<WrittenFolder> {
  const { adapter, model } = parts.opened;
  if (!adapter)
    throw new InputError(
      (show) => `${model.id} has no adapter for peft to hold. ${show("to", "safetensors")} holds a model.`,
    );
  const { config, tensors } = await peftAdapter(adapter, await mergedWeights(parts));
  await writeSafetensors(join(folder, weightsName), tensors, { format: "pt" });
  await writeFileAtomically(join(folder, configName), renderJson(config));
  const adapted = { ...model, config: adapter.config };
  return {
    written: [
      {
        ...{ file: weightsName, precision: "fp32", runtime: "rlrr, by peft's formulas", isExact: true },
        files: [weightsName],
        open: async () => openModelCandidate(await applyPeft(folder, adapted), parts),
      },
    ],
    notes: [
      "peft keeps no labels, no preprocessing and no hash of the base; the base must be a ViTForImageClassification of transformers 5 with as many labels.",
    ],
  };
}

/** The model that peft makes of `base` and the folder, in the words of its tuners/glora/layer.py and tuners/lora/layer.py. */
async function applyPeft(folder: string, base: Model): Promise<Model> {
  const file = await readSafetensors(join(folder, weightsName));
  const { r, lora_alpha: alpha } = (await readJson(join(folder, configName))) as Readonly<
    Record<string, number>
  >;
  const stored = async (name: string): Promise<Tensor | undefined> =>
    file.tensors.has(name) ? readTensor(file, name) : undefined;
  const weights = new Map<string, Weight>(base.weights);
  for (const { ours, theirs } of moduleNames(base)) {
    const path = `base_model.model.${theirs}`;
    for (const kind of ["weight", "bias"]) {
      const whole = await stored(`${path}.${kind}`);
      const shape = base.weights.get(`${ours}.${kind}`)?.shape ?? whole?.shape;
      if (whole && shape)
        weights.set(`${ours}.${kind}`, { ...whole, shape: ours === "head" ? whole.shape : shape });
    }
    const [up, down] = [await stored(`${path}.glora_A.Xd`), await stored(`${path}.glora_A.Xu`)];
    const [a, b] = [await stored(`${path}.lora_A.weight`), await stored(`${path}.lora_B.weight`)];
    const shift = await stored(`${path}.glora_E.X`);
    const frozen = (kind: string) =>
      readWeight(needed(base.weights.get(`${ours}.${kind}`), `${ours}.${kind}`));
    if (up && down) {
      const times = product(up, down);
      weights.set(
        `${ours}.weight`,
        mapped(await frozen("weight"), (w, at) => w + w * (times[at] ?? 0)),
      );
    }
    if (a && b) {
      const plus = product(b, a);
      const scale = (alpha ?? 1) / (r ?? 1);
      weights.set(
        `${ours}.weight`,
        mapped(await frozen("weight"), (w, at) => w + scale * (plus[at] ?? 0)),
      );
    }
    if (shift)
      weights.set(
        `${ours}.bias`,
        mapped(await frozen("bias"), (x, at) => x + (shift.data[at] ?? 0)),
      );
  }
  const { preprocessing: _, ...rest } = base;
  return { ...rest, weights };
}

/** Names of transformers 5's modules, by ours. */
function moduleNames(model: Model): { readonly ours: string; readonly theirs: string }[] {
  const { depth } = plainVitOf(model.config, "A folder of peft");
  const inBlock = {
    ...{ q: "attention.q_proj", k: "attention.k_proj", v: "attention.v_proj", o: "attention.o_proj" },
    ...{ fc1: "mlp.fc1", fc2: "mlp.fc2", norm1: "layernorm_before", norm2: "layernorm_after" },
  };
  const blocks = Array.from({ length: depth }, (_, block) =>
    Object.entries(inBlock).map(([ours, theirs]) => ({
      ours: `blocks.${block}.${ours}`,
      theirs: `vit.layers.${block}.${theirs}`,
    })),
  );
  return [
    { ours: "patch", theirs: "vit.embeddings.patch_embeddings.projection" },
    { ours: "norm", theirs: "vit.layernorm" },
    { ours: "head", theirs: "classifier" },
    ...blocks.flat(),
  ];
}

const mapped = ({ shape, data }: Tensor, change: (value: number, at: number) => number): Tensor => ({
  shape,
  data: data.map(change),
});

/** [rows, r] times [r, columns]. */
function product(left: Tensor, right: Tensor): Float32Array {
  const [rows = 0, rank = 0] = left.shape;
  const columns = right.shape[1] ?? 0;
  const result = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++)
    for (let inner = 0; inner < rank; inner++) {
      const factor = left.data[row * rank + inner] ?? 0;
      for (let column = 0; column < columns; column++)
        result[row * columns + column] =
          (result[row * columns + column] ?? 0) + factor * (right.data[inner * columns + column] ?? 0);
    }
  return result;
}
