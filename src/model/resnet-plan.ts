/** Finds every weight of a ResNet among the tensors of a source, and folds its batch norms into the convolutions. */

import { FileError } from "../errors.ts";
import type { Shape, Tensor } from "../formats/tensor.ts";
import { limits } from "../limits.ts";
import { headShapes } from "./backbone.ts";
import type { PlanOptions, SourceShapes, WeightPlan } from "./family.ts";
import { enclosing, prefixesBefore } from "./find-scheme.ts";
import { type Placed, placeTensors } from "./place-tensors.ts";
import { resNet } from "./resnet.ts";
import type { ResNetConfig } from "./resnet-config.ts";
import { type ConvolutionNames, type ResNetNaming, resNetNamings } from "./resnet-names.ts";
import { sourceShape } from "./source-shape.ts";

export type ResNetSizes = Omit<ResNetConfig, "imageSize">;

export interface ResNetPlan extends WeightPlan {
  readonly sizes: ResNetSizes;
}

interface Found {
  readonly naming: ResNetNaming;
  readonly prefix: string;
  readonly tensors: SourceShapes;
  readonly where: string;
}

function findNaming(tensors: SourceShapes, where: string): Found | undefined {
  for (const naming of resNetNamings) {
    const stem = `${naming.stem.convolution}.weight`;
    const first = `${naming.inBlock("conv1", { stage: 0, at: 0 }).convolution}.weight`;
    for (const prefix of prefixesBefore(tensors, stem))
      if (tensors.has(prefix + first)) return { naming, prefix, tensors, where };
  }
  return undefined;
}

/** How the tensors of a ResNet become ours; nothing where there is none among them. */
export function planResNet(tensors: SourceShapes, { where }: PlanOptions): ResNetPlan | undefined {
  const found = findNaming(tensors, where);
  if (found === undefined) return undefined;
  const sizes = measure(found);
  const backbone = resNet({ ...sizes, imageSize: [32, 32] });
  const shapes = new Map([
    ...backbone.shapes,
    ...(sizes.classes > 0 ? headShapes(backbone, sizes.classes) : []),
  ]);
  const placed = [...placedIn(found, { sizes, shapes })];
  const ignorable = (name: string) =>
    name.endsWith(".num_batches_tracked") ? "the batches that norms have counted" : undefined;
  const { origins, notes } = placeTensors(placed, tensors, { where, what: "a ResNet", ignorable });
  const ordered = new Map([...shapes.keys()].map((ours) => [ours, origins.get(ours)]));
  return {
    ...{ title: found.naming.title, sizes, shapes, origins: ordered, classes: sizes.classes },
    notes: [...notes, "Batch norms are frozen: they became part of the convolutions before them."],
  };
}

// ---------------------------------------------------------------- sizes

function measure(found: Found): ResNetSizes {
  const { naming, prefix, tensors, where } = found;
  const nameOf = (role: string, stage: number, at: number) =>
    `${prefix}${naming.inBlock(role, { stage, at }).convolution}.weight`;
  const bottleneck = tensors.has(nameOf("conv3", 0, 0));
  const depths: number[] = [];
  for (let stage = 0; tensors.has(nameOf("conv1", stage, 0)); stage++) {
    if (stage >= limits.MAX_STAGES.value)
      throw new FileError(`${where}: it claims more than ${limits.MAX_STAGES.value} stages.`);
    let depth = 1;
    while (depth <= limits.MAX_BLOCKS.value && tensors.has(nameOf("conv1", stage, depth))) depth++;
    depths.push(depth);
  }
  const total = depths.reduce((a, b) => a + b, 0);
  if (total > limits.MAX_BLOCKS.value)
    throw new FileError(
      `${where}: it claims ${total} blocks; at most ${limits.MAX_BLOCKS.value} are allowed.`,
    );
  const widthsOf = (role: string) =>
    depths.map((_, stage) => sourceShape(found, nameOf(role, stage, 0), 4)[0] ?? 0);
  const head = headOf(found);
  return {
    family: "resnet",
    stemWidth: sourceShape(found, `${prefix}${naming.stem.convolution}.weight`, 4)[0] ?? 0,
    ...{
      widths: widthsOf(bottleneck ? "conv3" : "conv2"),
      innerWidths: widthsOf("conv1"),
      depths,
      bottleneck,
    },
    classes: head === undefined ? 0 : (sourceShape(found, `${head}.bias`, 1)[0] ?? 0),
  };
}

/** The full name of the head, which may stand outside the prefix of the body. */
function headOf({ naming, prefix, tensors }: Found): string | undefined {
  for (const before of enclosing(prefix))
    if (tensors.has(`${before}${naming.head}.weight`) && tensors.has(`${before}${naming.head}.bias`))
      return before + naming.head;
  return undefined;
}

// ---------------------------------------------------------------- places

/** Every weight of ours with what it is made of. */
function* placedIn(
  found: Found,
  { sizes, shapes }: { readonly sizes: ResNetSizes; readonly shapes: ReadonlyMap<string, Shape> },
): Generator<Placed> {
  const places = sizes.depths.flatMap((depth, stage) =>
    Array.from({ length: depth }, (_, at) => ({ stage, at })),
  );
  for (const [ours, shape] of shapes) {
    const [, number = "", role = ""] = /^blocks\.(\d+)\.(\w+)\./.exec(ours) ?? [];
    const kind = ours.slice(ours.lastIndexOf(".") + 1);
    const place = places[Number(number)];
    if (ours.startsWith("head.")) yield { ours, shape, theirs: `${headOf(found)}.${kind}` };
    else {
      const names = role !== "" && place ? found.naming.inBlock(role, place) : found.naming.stem;
      const size = role === "" ? 7 : kernelSize(role, sizes.bottleneck);
      yield {
        ours,
        shape,
        theirs: undefined,
        ...foldedOf({ ...found, names }, { ours, shapes, kind, size }),
      };
    }
  }
}

/** Of a convolution by its role. */
const kernelSize = (role: string, bottleneck: boolean): number =>
  role === "shortcut" || (bottleneck && role !== "conv2") ? 1 : 3;

interface Folding {
  readonly ours: string;
  readonly shapes: ReadonlyMap<string, Shape>;
  readonly kind: string;
  readonly size: number;
}

/** W·γ/σ with its channels last, and β - μ·γ/σ, with σ = √(variance + 1e-5). */
function foldedOf(
  { prefix, names }: Found & { readonly names: ConvolutionNames },
  { ours, shapes, kind, size }: Folding,
): Pick<Placed, "folded"> {
  const [out = 0, into = 0] = shapes.get(ours.replace(/\.bias$/, ".weight")) ?? [];
  const norm = (part: string): [string, Shape] => [`${prefix}${names.norm}.${part}`, [out]];
  if (kind === "bias")
    return {
      folded: {
        sources: new Map(["weight", "bias", "running_mean", "running_var"].map(norm)),
        compute: ([weight, bias, center, variance]) =>
          Float32Array.from(
            { length: out },
            (_, row) => at(bias, row) - at(center, row) * gain(weight, variance, row),
          ),
      },
    };
  const channels = into / size ** 2;
  const kernel: [string, Shape] = [`${prefix}${names.convolution}.weight`, [out, channels, size, size]];
  return {
    folded: {
      sources: new Map([kernel, norm("weight"), norm("running_var")]),
      compute: ([weights, weight, variance]) =>
        channelsLast(weights, { out, channels, size }, (row) => gain(weight, variance, row)),
    },
  };
}

const at = (tensor: Tensor | undefined, index: number): number => tensor?.data[index] ?? Number.NaN;

const gain = (weight: Tensor | undefined, variance: Tensor | undefined, row: number): number =>
  at(weight, row) / Math.sqrt(at(variance, row) + 1e-5);

/** [out, channels, size, size] to [out, size, size, channels], each row times a number. */
function channelsLast(
  weights: Tensor | undefined,
  { out, channels, size }: { readonly out: number; readonly channels: number; readonly size: number },
  factor: (row: number) => number,
): Float32Array {
  const places = size * size;
  return Float32Array.from({ length: out * places * channels }, (_, index) => {
    const channel = index % channels;
    const rest = Math.floor(index / channels);
    const [row, place] = [Math.floor(rest / places), rest % places];
    return at(weights, (row * channels + channel) * places + place) * factor(row);
  });
}
