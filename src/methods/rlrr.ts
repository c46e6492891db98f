/** RLRR: each weight plus itself, rescaled from the left and from the right. Dong et al., CVPR 2024, arXiv 2403.19067. */

import { z } from "zod";
import { add, gemm, linear, mul, reshape, transpose } from "../graph/ops.ts";
import { dims } from "../graph/shapes.ts";
import { filled, type Value } from "../graph/value.ts";
import { hasBias, type LinearSite, type NormSite, type Site } from "../model/backbone.ts";
import { type Affine, dense, onRows, type ValueOf } from "../model/layers.ts";
import type { RandomStream } from "../random.ts";
import { rankOption } from "./low-rank.ts";
import { defineMethod, initOption, startUniform, startZero, type Trainable } from "./method.ts";
import { scaleAndShift, scaleShiftTrainables } from "./scale-shift.ts";

const weightRoles = ["q", "k", "v", "o", "fc1", "fc2"] as const;
const siteNames = [...weightRoles, "norm", "patch"] as const;
/** A ResNet's; like all others where no sites are named. */
const convolutions = "conv";

const options = z
  .strictObject({
    /** r of S_left [in, r] · S_right [r, out]; the paper's method is 1. */
    rank: rankOption(1, "rank of the multiplier"),
    side: z
      .enum(["both", "left", "right"])
      .default("both")
      .describe("both, left or right")
      .meta({ help: "which scales to train" }),
    /** Whether the frozen weight itself stays in the sum: the paper's residual. */
    residual: z
      .boolean()
      .default(true)
      .describe("true or false")
      .meta({ help: "leave the frozen weight out of the sum" }),
    sites: z
      .array(z.enum([...siteNames, convolutions]))
      .min(1)
      .default([...siteNames])
      .describe(`a list of ${siteNames.join(", ")}, ${convolutions}`)
      .meta({ help: `of ${siteNames.join(",")}` }),
    init: initOption(),
  })
  .refine(({ rank, side }) => rank === 1 || side === "both", { error: "a rank above 1 needs both sides" });
type Options = z.output<typeof options>;

export const rlrr = defineMethod({
  name: "rlrr",
  summary: "rescales every weight from the left and the right, plus a shift (the paper's method)",
  learningRate: 1e-3,
  recipe: { learningRate: 3e-3 },
  identity: { init: "identity" },
  options,
  create: (settings) => ({
    trainables: ({ sites }) => {
      const rows = sites.flatMap((site) => trainablesAt(site, settings));
      return [...new Map(rows.map((row) => [row.name, row])).values()];
    },
    weight: (site, frozen, trained) => {
      if (!isAdapted(site, settings)) return frozen;
      if (site.kind !== "linear") return scaleAndShift(site, frozen, trained);
      const scales = { ...scalesAt(site, trained, settings), residual: settings.residual };
      const kernel = kernelOf(site);
      const weight = kernel ? rescaleKernel(frozen.weight, scales, kernel) : rescale(frozen.weight, scales);
      return { weight, bias: shifted(site, frozen, trained) };
    },
    activation: (site, frozen, trained) =>
      site.kind === "linear" && !site.kernel && isAdapted(site, settings) && settings.side !== "both"
        ? (x) => oneSided(x, { site, frozen, trained, settings })
        : undefined,
  }),
});

/** Of Swin, the official code rescales the merging of patches, not their embedding, and leaves the norms of both alone. */
const optionOfRole: Readonly<Record<string, string>> = { merge: "patch", mergeNorm: "", stemNorm: "" };

/** Which of the option's sites this one is, if any: norms go by one name. */
function isAdapted(site: Site, { sites }: Options): site is LinearSite | NormSite {
  if (site.kind === "branch") return false;
  if (kernelOf(site)) return sites.includes(convolutions) || siteNames.every((name) => sites.includes(name));
  const own = site.kind === "norm" ? "norm" : site.role;
  return (sites as readonly string[]).includes(optionOfRole[site.role] ?? own);
}

/**
 * Eq. 16, as PyTorch stores weights: W' = W + (S_right·S_left) ⊙ W with W [out, in], S_left [r, in], S_right [out, r].
 * The official code calls them `scale_col` and `scale_line`.
 */
export function rescale(weight: Value, { left, right, residual }: Scales): Value {
  const multiplier = multiplierOf({ left, right, residual });
  return multiplier ? mul(weight, multiplier) : weight; // [out, in]
}

type Kernel = NonNullable<LinearSite["kernel"]>;

const kernelOf = (site: LinearSite | NormSite): Kernel | undefined =>
  site.kind === "norm" ? undefined : site.kernel;

/**
 * The official code rescales a convolution [out, size · size · channels] as a matrix [out · size, channels · size]: its rows go
 * with the outputs, its columns with the inputs.
 */
export function rescaleKernel(weight: Value, scales: Scales, { size }: Kernel): Value {
  const [out, into] = dims(weight, 2);
  const channels = into / size ** 2;
  const split = transpose(reshape(weight, [out, size, size, channels]), [0, 1, 3, 2]);
  const matrix = rescale(reshape(split, [out * size, channels * size]), scales);
  const back = transpose(reshape(matrix, [out, size, channels, size]), [0, 1, 3, 2]);
  return reshape(back, weight.shape);
}

/** Inputs and outputs as the scales see them. */
const scaledSizes = ({ in: into, out, kernel }: LinearSite): { readonly in: number; readonly out: number } =>
  kernel ? { in: into / kernel.size, out: out * kernel.size } : { in: into, out };

interface Scales {
  readonly left?: Value | undefined;
  readonly right?: Value | undefined;
  readonly residual: boolean;
}

/** 1 + S_right·S_left, the 1 being the residual; one-sided, that side broadcast over the other. */
function multiplierOf({ left, right, residual }: Scales): Value | undefined {
  if (left && right) {
    const ones = filled(left.shape.slice(1), 1);
    return residual ? linear(right, transpose(left, [1, 0]), ones) : gemm(right, left);
  }
  const side = left ?? right;
  return side && residual ? add(side, filled([1, 1], 1)) : side;
}

/** The official code shifts where there is a bias, and its convolutions have none: ours have the one of the norm behind. */
const hasShift = (site: LinearSite): boolean => hasBias(site) && site.kernel === undefined;

const shifted = (site: LinearSite, { bias }: Affine, trained: ValueOf): Value =>
  hasShift(site) ? add(bias, trained(`${site.name}.shift`)) : bias;

function scalesAt(site: LinearSite, trained: ValueOf, { side }: Options): Omit<Scales, "residual"> {
  return {
    left: side === "right" ? undefined : trained(leftName(site)),
    right: side === "left" ? undefined : trained(`${site.name}.right`),
  };
}

/** Matrices that their authors keep in one have one scale of their common inputs. */
const leftName = ({ name, reads }: LinearSite): string => `${reads ?? name}.left`;

interface OneSided {
  readonly site: LinearSite;
  readonly frozen: Affine;
  readonly trained: ValueOf;
  readonly settings: Options;
}

/** With one side the scale leaves the product: (x ⊙ left)·Wᵀ or (x·Wᵀ) ⊙ right, and W needs no gradient. */
function oneSided(x: Value, { site, frozen, trained, settings }: OneSided): Value {
  const { left, right } = scalesAt(site, trained, settings);
  const scale = multiplierOf({ left, right, residual: settings.residual });
  if (!scale) throw new Error("internal: a one-sided method without a side.");
  const row = reshape(scale, [left ? site.in : site.out]);
  const bias = shifted(site, frozen, trained);
  if (left) return dense(mul(x, row), { weight: frozen.weight, bias });
  return add(
    mul(
      onRows(x, (rows) => gemm(rows, frozen.weight, { transB: true })),
      row,
    ),
    bias,
  );
}

function trainablesAt(site: Site, settings: Options): Trainable[] {
  if (!isAdapted(site, settings)) return [];
  const noise = settings.init === "official" ? 0.02 : 0;
  // The official code decays those of the patch embedding.
  if (site.kind !== "linear") return scaleShiftTrainables(site, { noise, decay: site.kind === "embed" });
  const { name } = site;
  const { in: into, out } = scaledSizes(site);
  const { rank, side } = settings;
  const { left, right } = startsOf({ in: into, out }, settings);
  const rows: Trainable[] = [
    { name: leftName(site), shape: [rank, into], decay: true, start: left },
    { name: `${name}.right`, shape: [out, rank], decay: true, start: right },
    ...(hasShift(site) ? [{ name: `${name}.shift`, shape: [out], decay: false, start: startZero(out) }] : []),
  ];
  const other = { both: "", left: `${name}.right`, right: leftName(site) }[side];
  return rows.filter((row) => row.name !== other);
}

type Start = Exclude<Trainable["start"], string>;

/**
 * Kaiming uniform with the official code's fan-in: `left` within ±√(6/in) but `right` within ±√6, so the adapted model is
 * *not* the pre-trained one at step 0 (a weight is off by 2/√in of itself, on average). `identity` zeroes `left` alone:
 * were both zero, neither would ever get a gradient. One-sided and residual-free variants have no published start; theirs
 * stays near W too.
 */
function startsOf(
  { in: into, out }: Pick<LinearSite, "in" | "out">,
  { residual, init, side, rank }: Options,
): { left: Start; right: Start } {
  const official = init === "official";
  const [lefts, rights] = [rank * into, out * rank];
  if (!residual) return startsNearOne({ into, out, rank }, official);
  const small = (count: number) => (official ? startUniform(count, Math.sqrt(6 / into)) : startZero(count));
  return {
    left: small(lefts),
    right: side === "both" ? startUniform(rights, Math.sqrt(6 / rank)) : small(rights),
  };
}

/** Without residual the first of `rank` products is near 1, and so W stays; the others start as those beside a residual do. */
function startsNearOne(
  { into, out, rank }: { readonly into: number; readonly out: number; readonly rank: number },
  official: boolean,
): { left: Start; right: Start } {
  const nearOne = (random: RandomStream) => 1 + (official ? 0.02 : 0) * random.normal();
  const within = (bound: number) => (random: RandomStream) => (2 * random.next() - 1) * bound;
  const [small, large] = [official ? within(Math.sqrt(6 / into)) : () => 0, within(Math.sqrt(6 / rank))];
  const each =
    (count: number, value: (random: RandomStream, at: number) => number): Start =>
    (random) =>
      Float32Array.from({ length: count }, (_, at) => value(random, at));
  return {
    left: each(rank * into, (random, at) => (at < into ? nearOne(random) : small(random))),
    right: each(out * rank, (random, at) => (at % rank === 0 ? nearOne(random) : large(random))),
  };
}
