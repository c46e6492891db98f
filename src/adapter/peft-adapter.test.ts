import { afterAll, describe, expect, it } from "vitest";
import { randomAdapter, tinyModel } from "../../test/tiny-model.ts";
import { tiny } from "../../test/tiny-vit.ts";
import { openEngine } from "../engine/open-engine.ts";
import { InputError } from "../errors.ts";
import type { Tensor } from "../formats/tensor.ts";
import { readWeight } from "../formats/weight-bytes.ts";
import type { Adapter } from "./adapter.ts";
import { mergeAdapter } from "./merge.ts";
import { peftAdapter } from "./peft-adapter.ts";

const model = tinyModel();
const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());
const roles = ["q", "k", "v", "o", "fc1", "fc2"] as const;
const theirs = {
  ...{ q: "attention.q_proj", k: "attention.k_proj", v: "attention.v_proj", o: "attention.o_proj" },
  ...{ fc1: "mlp.fc1", fc2: "mlp.fc2" },
};

async function written(name: string, options: Readonly<Record<string, unknown>>) {
  const measured = { ece: 0.1, loss: 0.5, brier: 0.3 };
  const calibration = { temperature: 1.7, images: 50, before: measured, after: measured };
  const adapter: Adapter = { ...(await randomAdapter(model, { name, options })), calibration };
  const merged = await mergeAdapter(model, adapter, engine);
  const ours = async (weight: string): Promise<Tensor> => {
    const found = merged.get(weight);
    if (!found) throw new Error(weight);
    return readWeight(found);
  };
  return { ...(await peftAdapter(adapter, merged)), adapter, ours };
}

/** [rows, inner] times [inner, columns], scaled. */
function product(a: Tensor, b: Tensor, scale = 1): number[] {
  const [rows = 0, inner = 0] = a.shape;
  const columns = b.shape[1] ?? 0;
  return Array.from({ length: rows * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    let sum = 0;
    for (let i = 0; i < inner; i++)
      sum += (a.data[row * inner + i] ?? 0) * (b.data[i * columns + column] ?? 0);
    return scale * sum;
  });
}

const largest = (a: Float32Array, b: readonly number[]): number =>
  a.reduce((worst, x, at) => Math.max(worst, Math.abs(x - (b[at] ?? Number.NaN))), 0);

/** What peft computes of a linear layer, in its source's words: layer.py of tuners/glora and of tuners/lora. */
function byPeft(
  tensors: ReadonlyMap<string, Tensor>,
  config: Readonly<Record<string, unknown>>,
  path: string,
) {
  const at = (name: string): Tensor | undefined => tensors.get(`base_model.model.${path}.${name}`);
  return {
    weight: (frozen: Float32Array): number[] => {
      const [xd, xu, a, b] = [at("glora_A.Xd"), at("glora_A.Xu"), at("lora_A.weight"), at("lora_B.weight")];
      const scale = Number(config.lora_alpha ?? 1) / Number(config.r);
      const multiplier = xd && xu ? product(xd, xu) : undefined;
      const added = a && b ? product(b, a, scale) : undefined;
      return [...frozen].map((w, i) => w + w * (multiplier?.[i] ?? 0) + (added?.[i] ?? 0));
    },
    bias: (frozen: Float32Array): number[] => [...frozen].map((x, i) => x + (at("glora_E.X")?.data[i] ?? 0)),
  };
}

describe("peftAdapter", () => {
  it.each<[string, Readonly<Record<string, unknown>>]>([
    ["rlrr", {}],
    ["rlrr", { rank: 3 }],
    ["rlrr", { residual: false }],
    ["rlrr", { side: "left" }],
    ["rlrr", { side: "right", residual: false }],
    ["rlrr", { sites: ["q", "fc2", "norm"] }],
    ["lora", {}],
    ["lora", { rank: 3, alpha: 6, sites: ["o", "fc1"] }],
  ])("gives %s with %j the weights that merging gives", async (name, options) => {
    const { config, tensors, adapter, ours } = await written(name, options);
    const sites = adapter.method.options.sites as readonly string[];
    const target = new RegExp(`^(?:${config.target_modules})$`);
    for (let block = 0; block < tiny.depth; block++)
      for (const role of roles) {
        const path = `vit.layers.${block}.${theirs[role]}`;
        expect(target.test(path)).toBe(sites.includes(role));
        const { weight, bias } = byPeft(tensors, config, path);
        for (const [kind, compute] of [
          ["weight", weight],
          ["bias", bias],
        ] as const) {
          const frozen = model.weights.get(`blocks.${block}.${role}.${kind}`);
          if (!frozen || !("data" in frozen)) throw new Error("no weight");
          const merged = await ours(`blocks.${block}.${role}.${kind}`);
          expect(largest(merged.data, compute(frozen.data))).toBeLessThan(1e-6);
        }
      }
    expect(tensors.get("base_model.model.classifier.weight")).toEqual(await ours("head.weight"));
    expect(tensors.has("base_model.model.vit.layernorm.weight")).toBe(sites.includes("norm"));
    if (sites.includes("norm"))
      expect(tensors.get("base_model.model.vit.layers.1.layernorm_after.bias")).toEqual(
        await ours("blocks.1.norm2.bias"),
      );
    const patch = tensors.get("base_model.model.vit.embeddings.patch_embeddings.projection.weight");
    if (sites.includes("patch"))
      expect(patch?.shape).toEqual([tiny.width, 3, tiny.patchSize, tiny.patchSize]);
    else expect(patch).toBeUndefined();
  });

  it("says what peft needs to know, and names the base where it is on the hub", async () => {
    expect((await written("rlrr", { rank: 2 })).config).toEqual({
      ...{
        peft_type: "GLORA",
        r: 2,
        bias: "none",
        config_A_B: "lora",
        config_C: "none",
        config_D_E: "vector",
      },
      ...{ auto_mapping: null, base_model_name_or_path: "someone/tiny-vit", revision: null },
      ...{ inference_mode: true, task_type: null },
      modules_to_save: ["classifier", "layernorm_before", "layernorm_after", "layernorm", "projection"],
      target_modules:
        ".*\\.layers\\.\\d+\\.(attention\\.q_proj|attention\\.k_proj|attention\\.v_proj|attention\\.o_proj|mlp\\.fc1|mlp\\.fc2)",
    });
  });

  it.each([
    ["ssf", {}, "peft cannot hold an adapter of method ssf; it can hold rlrr and lora."],
    [
      "rlrr",
      { sites: ["norm"] },
      "peft cannot hold an adapter of method rlrr that adapts no linear layer; it can hold rlrr and lora.",
    ],
  ])("refuses %s with %j", async (name, options, message) => {
    await expect(written(name, options)).rejects.toThrow(
      new InputError(`${message} Merge it: a plain model needs no peft.`),
    );
  });
});
