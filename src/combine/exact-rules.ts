/** Methods whose weighted sum of changes is an adapter of the same method again, as small as they are. */

import type { Tensor } from "../formats/tensor.ts";
import { type Part, weightedScale, weightedSum } from "./weighted.ts";

/** The trained tensors of the adapters, without their heads, and the options of their methods. */
export interface RuleParts {
  readonly options: readonly Readonly<Record<string, unknown>>[];
  readonly tensors: readonly Part<ReadonlyMap<string, Tensor>>[];
}

export interface Combined {
  readonly options: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Nothing where these options do not allow it. */
type Rule = (parts: RuleParts) => Combined | undefined;

/** By the name of the method. */
export const exactRules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["linear", ({ options }) => ({ options: options[0] ?? {}, tensors: new Map() })],
  // W' = scale ⊙ W and b' = scale ⊙ b + shift: both are linear in what trains.
  ["ssf", ({ options, tensors }) => ({ options: options[0] ?? {}, tensors: sumNamed(tensors) })],
  ["rlrr", combineRlrr],
  ["lora", combineLora],
]);

const mostRank = 256;

/** Appendix H: Σ wᵢ · S_rightᵢ·S_leftᵢ is one product of ranks side by side. */
function combineRlrr({ options, tensors }: RuleParts): Combined | undefined {
  const ranks = options.map(({ rank }) => Number(rank));
  const total = ranks.reduce((a, b) => a + b, 0);
  const isProduct = options.every(({ side, residual }) => side === "both" && residual === true);
  if (!isProduct || total > mostRank || !sameOption(options, "sites")) return undefined;
  return {
    options: { ...options[0], rank: total },
    tensors: sumNamed(tensors, { inner: "left", outer: "right" }),
  };
}

/** ΔW = Σ wᵢ · alphaᵢ/rankᵢ · BᵢAᵢ, with alpha = rank in what is made of it. */
function combineLora({ options, tensors }: RuleParts): Combined | undefined {
  const total = options.reduce((sum, { rank }) => sum + Number(rank), 0);
  if (total > mostRank || !sameOption(options, "sites")) return undefined;
  const scaled = tensors.map(({ weight, item }, at) => {
    const { alpha, rank } = options[at] ?? {};
    return { weight: (weight * Number(alpha)) / Number(rank), item };
  });
  return {
    options: { ...options[0], rank: total, alpha: total },
    tensors: sumNamed(scaled, { inner: "lora_a", outer: "lora_b" }),
  };
}

const sameOption = (options: RuleParts["options"], name: string): boolean =>
  options.every(
    (one) => [one[name]].flat().toSorted().join() === [options[0]?.[name]].flat().toSorted().join(),
  );

/** Names of the two factors of a product: inner [rank, in], outer [out, rank]. */
interface Factors {
  readonly inner: string;
  readonly outer: string;
}

function sumNamed(
  parts: readonly Part<ReadonlyMap<string, Tensor>>[],
  factors?: Factors,
): Map<string, Tensor> {
  const summed = new Map<string, Tensor>();
  for (const name of parts[0]?.item.keys() ?? []) {
    const each = parts.map(({ weight, item }) => {
      const tensor = item.get(name);
      if (!tensor) throw new Error(`internal: an adapter lacks "${name}".`);
      return { weight, item: tensor };
    });
    const last = name.slice(name.lastIndexOf(".") + 1);
    summed.set(name, combineTensor(last, each, factors));
  }
  return summed;
}

function combineTensor(last: string, each: readonly Part<Tensor>[], factors: Factors | undefined): Tensor {
  if (last === factors?.inner) return stackRows(each.map(({ item }) => item));
  if (last === factors?.outer) return besideColumns(each);
  return last === "scale" ? weightedScale(each) : weightedSum(each);
}

/** [r₁ + r₂ + …, in] */
function stackRows(tensors: readonly Tensor[]): Tensor {
  const data = new Float32Array(tensors.reduce((sum, tensor) => sum + tensor.data.length, 0));
  let at = 0;
  for (const tensor of tensors) {
    data.set(tensor.data, at);
    at += tensor.data.length;
  }
  const rows = tensors.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
  return { shape: [rows, tensors[0]?.shape[1] ?? 0], data };
}

/** [out, r₁ + r₂ + …], each with its weight. */
function besideColumns(parts: readonly Part<Tensor>[]): Tensor {
  const out = parts[0]?.item.shape[0] ?? 0;
  const width = parts.reduce((sum, { item }) => sum + (item.shape[1] ?? 0), 0);
  const data = new Float32Array(out * width);
  let from = 0;
  for (const { weight, item } of parts) {
    const own = item.shape[1] ?? 0;
    for (let row = 0; row < out; row++)
      for (let column = 0; column < own; column++)
        data[row * width + from + column] = weight * (item.data[row * own + column] as number);
    from += own;
  }
  return { shape: [out, width], data };
}
