/** A narrow MLP on tokens, as adapters put it after or beside a branch: its tensors and its value. */

import { z } from "zod";
import type { Value } from "../graph/value.ts";
import type { Site } from "../model/backbone.ts";
import { affineOf, dense, type ValueOf } from "../model/layers.ts";
import { startTruncated, startZero, type Trainable } from "./method.ts";

export const bottleneckOption = (help: string, preset = 8) =>
  z.int().min(1).max(1024).default(preset).describe("a whole number from 1 to 1024").meta({ help });

export const scaleOption = (preset: number, help: string) =>
  z.number().gt(0).max(1e3).default(preset).describe("a number above 0, at most 1000").meta({ help });

interface Starts {
  readonly bottleneck: number;
  /** In how many parts `up` goes, each reading its own part of the bottleneck; 1 unless told. */
  readonly groups?: number;
  /** Those of `down` [bottleneck, in] and `up` [out, bottleneck / groups]; both biases start at 0. */
  readonly down: Trainable["start"];
  readonly up: Trainable["start"];
  /** Whether weight decay pulls on the biases too. */
  readonly decayBiases?: boolean;
}

/** Of Houlsby's paper (arXiv 1902.00751); their code for BERT has 0.001. */
const STD = 0.01;

/** Both matrices nearly 0 as Houlsby et al. start them, or `up` at 0 exactly: then the branch is silent at step 0. */
export const nearZero = (
  { in: into, out }: Site,
  { bottleneck, init }: { readonly bottleneck: number; readonly init: "official" | "identity" },
): Starts => ({
  bottleneck,
  down: startTruncated(bottleneck * into, STD),
  up: init === "official" ? startTruncated(out * bottleneck, STD) : startZero(out * bottleneck),
});

/** down and up of one site, each a weight and a bias. */
export const bottleneckTrainables = (
  { name, in: into, out }: Site,
  { bottleneck, groups = 1, down, up, decayBiases = false }: Starts,
): Trainable[] => [
  { name: `${name}.down.weight`, shape: [bottleneck, into], decay: true, start: down },
  { name: `${name}.down.bias`, shape: [bottleneck], decay: decayBiases, start: startZero(bottleneck) },
  { name: `${name}.up.weight`, shape: [out, bottleneck / groups], decay: true, start: up },
  { name: `${name}.up.bias`, shape: [out], decay: decayBiases, start: startZero(out) },
];

interface BottleneckParts {
  readonly site: { readonly name: string };
  readonly trained: ValueOf;
  /** What happens between the two matrices, on [..., bottleneck]. */
  readonly between: (narrow: Value) => Value;
}

/** up(between(down(x))): [..., in] → [..., out]. */
export function bottleneckOf(x: Value, { site, trained, between }: BottleneckParts): Value {
  const part = (side: string) => affineOf(trained)({ name: `${site.name}.${side}` });
  return dense(between(dense(x, part("down"))), part("up"));
}
