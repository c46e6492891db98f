/** RLRR: each weight plus itself, rescaled from the left and from the right. Dong et al., CVPR 2024, arXiv 2403.19067. */

import { z } from "zod";
import { add, gemm, linear, mul, reshape, transpose } from "../graph/ops.ts";
import { filled, type Value } from "../graph/value.ts";
import type { VitConfig } from "../model/model.ts";
import type { WeightOf } from "../model/vit.ts";
import type { RandomStream } from "../random.ts";
import { defineMethod, drawn, type Trainable } from "./method.ts";

const weightSites = ["q", "k", "v", "o", "fc1", "fc2"] as const;
const sites = [...weightSites, "norm", "patch"] as const;

const options = z
  .strictObject({
    /** r of S_left [in, r] · S_right [r, out]; the paper's method is 1. */
    rank: z.int().min(1).max(256).default(1).describe("a whole number from 1 to 256"),
    side: z.enum(["both", "left", "right"]).default("both").describe("both, left or right"),
    /** Whether the frozen weight itself stays in the sum: the paper's residual. */
    residual: z.boolean().default(true).describe("true or false"),
    sites: z
      .array(z.enum(sites))
      .min(1)
      .default([...sites])
      .describe(`a list of ${sites.join(", ")}`),
    init: z.enum(["official", "identity"]).default("official").describe("official or identity"),
  })
  .refine(({ rank, side, residual }) => rank === 1 || (side === "both" && residual), {
    error: "a rank above 1 needs both sides and the residual",
  });
type Options = z.output<typeof options>;

export const rlrr = defineMethod({
  name: "rlrr",
  summary: "rescales every weight from the left and the right, plus a shift (the paper's method)",
  learningRate: 1e-3,
  options,
  create: (settings) => ({
    trainables: (config) => trainables(config, settings),
    adapt: (frozen, trained) => adapt(frozen, trained, settings),
  }),
});

/**
 * Eq. 16, as PyTorch lays weights out: W' = W + (S_right·S_left) ⊙ W with W [out, in], S_left [r, in], S_right [out, r].
 * The official code calls them `scale_col` and `scale_line`.
 */
export function rescale(weight: Value, { left, right, residual }: Scales): Value {
  const multiplier = multiplierOf({ left, right, residual });
  return multiplier ? mul(weight, multiplier) : weight; // [out, in]
}

interface Scales {
  readonly left?: Value | undefined;
  readonly right?: Value | undefined;
  readonly residual: boolean;
}

/** 1 + S_right·S_left, the 1 being the residual; one-sided, the sum of its ranks stretched over the other side. */
function multiplierOf({ left, right, residual }: Scales): Value | undefined {
  if (left && right) {
    const width = left.shape[1] ?? 1;
    return residual ? linear(right, transpose(left, [1, 0]), filled([width], 1)) : gemm(right, left);
  }
  const side = left ?? right;
  return side && residual ? add(side, filled([1, 1], 1)) : side;
}

function adapt(frozen: WeightOf, trained: (name: string) => Value, settings: Options): WeightOf {
  const has = (site: string) => (settings.sites as readonly string[]).includes(site);
  const sideOf = (site: string, side: "left" | "right") =>
    settings.side === "both" || settings.side === side ? trained(`${site}.${side}`) : undefined;
  return (name) => {
    const [, site = "", leaf] = /^(.*)\.(weight|bias)$/.exec(name) ?? [];
    const kind = site.split(".").at(-1) ?? "";
    const weight = frozen(name);
    if (kind.startsWith("norm") && has("norm")) {
      // y = LN(x)·scale + shift, folded into the norm's own weight and bias
      const scaled = mul(weight, trained(`${site}.scale`));
      return leaf === "weight" ? scaled : add(scaled, trained(`${site}.shift`));
    }
    if (kind === "patch" && has("patch")) {
      const scale = trained("patch.scale");
      return leaf === "weight"
        ? mul(weight, reshape(scale, [scale.shape[0] ?? 0, 1]))
        : add(mul(weight, scale), trained("patch.shift"));
    }
    if (!(weightSites as readonly string[]).includes(kind) || !has(kind)) return weight;
    if (leaf === "bias") return add(weight, trained(`${site}.shift`));
    return rescale(weight, {
      left: sideOf(site, "left"),
      right: sideOf(site, "right"),
      residual: settings.residual,
    });
  };
}

function trainables(config: VitConfig, settings: Options): Trainable[] {
  const { width, mlpWidth, depth } = config;
  const has = (site: Options["sites"][number]) => settings.sites.includes(site);
  const sizes = {
    q: [width, width],
    k: [width, width],
    v: [width, width],
    o: [width, width],
    fc1: [mlpWidth, width],
    fc2: [width, mlpWidth],
  } as const;
  const found: Trainable[] = has("patch") ? scaleAndShift("patch", { width, decay: true, settings }) : [];
  for (let i = 0; i < depth; i++) {
    for (const norm of has("norm") ? ["norm1", "norm2"] : [])
      found.push(...scaleAndShift(`blocks.${i}.${norm}`, { width, decay: false, settings }));
    for (const site of weightSites.filter(has)) {
      const [out, into] = sizes[site];
      found.push(...leftRightShift(`blocks.${i}.${site}`, { out, into }, settings));
    }
  }
  return has("norm") ? [...found, ...scaleAndShift("norm", { width, decay: false, settings })] : found;
}

interface Sizes {
  readonly out: number;
  readonly into: number;
}

function leftRightShift(site: string, { out, into }: Sizes, settings: Options): Trainable[] {
  const rank = settings.rank;
  const { left, right } = starts(into, settings);
  const rows: Trainable[] = [
    { name: `${site}.left`, shape: [rank, into], decay: true, start: drawn(rank * into, left) },
    { name: `${site}.right`, shape: [out, rank], decay: true, start: drawn(out * rank, right) },
    { name: `${site}.shift`, shape: [out], decay: false, start: drawn(out, () => 0) },
  ];
  const other = { both: "", left: "right", right: "left" }[settings.side];
  return rows.filter((row) => row.name !== `${site}.${other}`);
}

type Draw = (random: RandomStream) => number;
const uniform =
  (bound: number): Draw =>
  (random) =>
    (2 * random.next() - 1) * bound;
const normal =
  (mean: number, std: number): Draw =>
  (random) =>
    mean + std * random.normal();

/**
 * Kaiming uniform with the official code's fan-in: `left` within ±√(6/in) but `right` within ±√6, so the adapted model is
 * *not* the pre-trained one at step 0 (a weight is off by 2/√in of itself, on average). `identity` zeroes `left` alone:
 * were both zero, neither would ever get a gradient. One-sided and residual-free variants have no published start; theirs
 * stays near W too.
 */
function starts(into: number, { residual, init, side, rank }: Options): { left: Draw; right: Draw } {
  const official = init === "official";
  if (!residual) return { left: normal(1, official ? 0.02 : 0), right: normal(1, official ? 0.02 : 0) };
  const small = official ? uniform(Math.sqrt(6 / into)) : () => 0;
  return { left: small, right: side === "both" ? uniform(Math.sqrt(6 / rank)) : small };
}

/** SSF's pair: scale from N(1, 0.02²), shift from N(0, 0.02²). The official code decays those of the patch embedding. */
function scaleAndShift(
  site: string,
  { width, decay, settings }: { width: number; decay: boolean; settings: Options },
): Trainable[] {
  const noise = settings.init === "official" ? 0.02 : 0;
  return [
    {
      name: `${site}.scale`,
      shape: [width],
      decay,
      start: drawn(width, (random) => 1 + noise * random.normal()),
    },
    {
      name: `${site}.shift`,
      shape: [width],
      decay,
      start: drawn(width, (random) => noise * random.normal()),
    },
  ];
}
