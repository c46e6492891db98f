/** An adapter in the terms of Hugging Face's peft: RLRR is a GLoRA of its, and LoRA is LoRA; the rest is stored whole. */

import { InputError } from "../errors.ts";
import { sizeOf, type Tensor, type Weights } from "../formats/tensor.ts";
import { readWeight } from "../formats/weight-bytes.ts";
import { backboneOf, plainVitOf } from "../model/architectures.ts";
import type { LinearSite } from "../model/backbone.ts";
import { parseHubId } from "../model/hub.ts";
import { needed } from "../needed.ts";
import type { Adapter } from "./adapter.ts";

/** What peft reads from a folder: adapter_config.json and adapter_model.safetensors. */
export interface PeftAdapter {
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Methods that peft can hold exactly. */
export const peftMethods = ["rlrr", "lora"] as const;

/** Modules of transformers 5, by our roles. */
const modules = {
  q: "attention.q_proj",
  k: "attention.k_proj",
  v: "attention.v_proj",
  o: "attention.o_proj",
  fc1: "mlp.fc1",
  fc2: "mlp.fc2",
} as const;
type Role = keyof typeof modules;

/** `merged` are the adapted weights, as `mergeAdapter` gives them: what peft cannot adapt is taken from there as it is. */
export async function peftAdapter(adapter: Adapter, merged: Weights): Promise<PeftAdapter> {
  const { method, base } = adapter;
  const part = partFor(adapter);
  const whole = await wholeModules(adapter, merged);
  const hub = parseHubId(base.id);
  return {
    config: {
      ...part.config,
      auto_mapping: null,
      base_model_name_or_path: hub?.name ?? null,
      revision: base.revision ?? null,
      inference_mode: true,
      modules_to_save: whole.names,
      target_modules: targets(adaptedRoles(method.options)),
      task_type: null,
    },
    tensors: new Map([...part.tensors, ...whole.tensors]),
  };
}

type Part = { readonly config: Readonly<Record<string, unknown>>; readonly tensors: Map<string, Tensor> };

function partFor(adapter: Adapter): Part {
  const { name, options } = adapter.method;
  if (adaptedRoles(options).length > 0) {
    if (name === "rlrr") return glora(adapter);
    if (name === "lora") return lora(adapter);
  }
  throw new InputError(
    `peft cannot hold an adapter of method ${name}${peftMethods.some((one) => one === name) ? " that adapts no linear layer" : ""}; it can hold ${peftMethods.join(" and ")}. Merge it: a plain model needs no peft.`,
  );
}

const adaptedRoles = ({ sites }: Adapter["method"]["options"]): Role[] =>
  (Object.keys(modules) as Role[]).filter((role) => Array.isArray(sites) && sites.includes(role));

/** A regular expression, which peft matches against a module's whole name. */
const targets = (roles: readonly Role[]): string =>
  `.*\\.layers\\.\\d+\\.(${roles.map((role) => modules[role].replace(".", "\\.")).join("|")})`;

/** The linear sites that the method adapts, with their tensors by the last part of their names. */
function* sitesOf({ config, method, tensors }: Adapter): Generator<{
  readonly site: LinearSite;
  readonly path: string;
  readonly tensor: (role: string) => Tensor | undefined;
}> {
  const roles: readonly string[] = adaptedRoles(method.options);
  for (const site of backboneOf(config).sites) {
    if (site.kind !== "linear" || !roles.includes(site.role)) continue;
    yield {
      site,
      path: `base_model.model.vit.layers.${site.block}.${modules[site.role as Role]}`,
      tensor: (role) => tensors.get(`${site.name}.${role}`),
    };
  }
}

const filled = (shape: readonly number[], value: number): Tensor => ({
  shape,
  data: new Float32Array(sizeOf(shape)).fill(value),
});

/** W' = W + W ⊙ (Xd·Xu) and b' = b + X, of GLoRA's five paths. */
function glora(adapter: Adapter): Part {
  const tensors = new Map<string, Tensor>();
  let rank = 1;
  for (const { site, path, tensor } of sitesOf(adapter)) {
    const { left, right } = scales(site, adapter.method.options, tensor);
    rank = right.shape[1] ?? rank;
    tensors.set(`${path}.glora_A.Xd`, right);
    tensors.set(`${path}.glora_A.Xu`, left);
    tensors.set(`${path}.glora_B.Xd`, filled([site.out, rank], 0));
    tensors.set(`${path}.glora_B.Xu`, filled([rank, site.in], 0));
    tensors.set(`${path}.glora_D.X`, filled([site.out], 0));
    tensors.set(`${path}.glora_E.X`, needed(tensor("shift"), `shift of ${site.name}`));
  }
  const paths = { config_A_B: "lora", config_C: "none", config_D_E: "vector" };
  return { config: { peft_type: "GLORA", r: rank, bias: "none", ...paths }, tensors };
}

/** [out, r] and [r, in]: a side that is not trained is ones, and without the residual a -1 more takes the frozen weight away. */
function scales(
  site: LinearSite,
  { residual }: Adapter["method"]["options"],
  tensor: (role: string) => Tensor | undefined,
): { readonly left: Tensor; readonly right: Tensor } {
  const left = tensor("left") ?? filled([1, site.in], 1);
  const right = tensor("right") ?? filled([site.out, 1], 1);
  if (residual !== false) return { left, right };
  // Without the residual the rank is 1.
  const columns = new Float32Array(2 * site.out);
  for (let row = 0; row < site.out; row++) columns.set([right.data[row] ?? 0, -1], 2 * row);
  const rows = Float32Array.from([...left.data, ...filled([site.in], 1).data]);
  return { left: { shape: [2, site.in], data: rows }, right: { shape: [site.out, 2], data: columns } };
}

function lora(adapter: Adapter): Part {
  const { rank, alpha } = adapter.method.options;
  const tensors = new Map<string, Tensor>();
  for (const { site, path, tensor } of sitesOf(adapter)) {
    tensors.set(`${path}.lora_A.weight`, needed(tensor("lora_a"), `lora_a of ${site.name}`));
    tensors.set(`${path}.lora_B.weight`, needed(tensor("lora_b"), `lora_b of ${site.name}`));
  }
  return {
    config: { peft_type: "LORA", r: rank, lora_alpha: alpha, lora_dropout: 0, bias: "none" },
    tensors,
  };
}

/** Layers that are stored as they are once adapted: the head with its temperature, and of RLRR the norms and the patches. */
async function wholeModules(
  { config: ofAdapter, method: { name, options } }: Adapter,
  merged: Weights,
): Promise<{ readonly names: readonly string[]; readonly tensors: Map<string, Tensor> }> {
  const sites = name === "rlrr" && Array.isArray(options.sites) ? options.sites : [];
  const config = plainVitOf(ofAdapter, "A folder of peft");
  const blocks = Array.from({ length: config.depth }, (_, block) => block);
  const norms = [
    ...blocks.map((block) => [`blocks.${block}.norm1`, `vit.layers.${block}.layernorm_before`]),
    ...blocks.map((block) => [`blocks.${block}.norm2`, `vit.layers.${block}.layernorm_after`]),
    ["norm", "vit.layernorm"],
  ];
  const pairs = [
    ["head", "classifier"],
    ...(sites.includes("norm") ? norms : []),
    ...(sites.includes("patch") ? [["patch", "vit.embeddings.patch_embeddings.projection"]] : []),
  ];
  const tensors = new Map<string, Tensor>();
  for (const [ours = "", theirs = ""] of pairs)
    for (const kind of ["weight", "bias"]) {
      const weight = needed(merged.get(`${ours}.${kind}`), `${ours}.${kind}`);
      const tensor = await readWeight(weight);
      const { width, patchSize } = config;
      const shape = ours === "patch" && kind === "weight" ? [width, 3, patchSize, patchSize] : tensor.shape;
      tensors.set(`base_model.model.${theirs}.${kind}`, { ...tensor, shape });
    }
  const names = new Set(pairs.map(([, theirs = ""]) => theirs.split(".").at(-1) ?? ""));
  return { names: [...names], tensors };
}
