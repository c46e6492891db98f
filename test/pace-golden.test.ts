/** PACE's consistency against its authors' code: logits, loss and gradients of a step with the noise that it sampled. */

import { describe, expect, it } from "vitest";
import { allTrainables } from "../src/adapter/head.ts";
import { sizeOf } from "../src/formats/tensor.ts";
import { backboneOf, modelShapes } from "../src/model/architectures.ts";
import type { VitConfig } from "../src/model/vit.ts";
import { gradientName, trainGraph } from "../src/train/train-graph.ts";
import { feedsOf, type GoldenTensor, type GoldenTensors, readGolden } from "./golden.ts";
import { adaptationOf, dataOf } from "./tiny-methods.ts";
import { namedInputs } from "./tiny-vit.ts";

interface PaceCase {
  readonly method: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly start: GoldenTensors;
  /** What multiplies the change of each matrix: [2·batch, out]. */
  readonly noise: GoldenTensors;
  readonly logits: GoldenTensor;
  readonly loss: number;
  readonly penalty: number;
  readonly gradients: GoldenTensors;
}

const { config, labels, images, weights } = readGolden<{
  readonly config: VitConfig;
  readonly labels: readonly number[];
  readonly images: GoldenTensor;
  readonly weights: GoldenTensors;
}>("methods/base");
const { consistency, cases } = readGolden<{
  readonly consistency: { readonly weight: number; readonly noise: number };
  readonly cases: readonly PaceCase[];
}>("pace");
const batch = labels.length;

describe.each(cases)("PACE's consistency with $method", (golden) => {
  const backbone = backboneOf(config);
  const adaptation = adaptationOf(golden.method, golden.options);
  const trainables = allTrainables(adaptation, backbone, config.classes);
  const inputs = namedInputs();
  const { graph, random } = trainGraph({
    backbone,
    frozen: (name) => inputs(name, modelShapes(config).get(name) ?? []),
    adaptation,
    trainables,
    classes: config.classes,
    batchSize: batch,
    drop: { rate: 0, kind: "element" },
    consistency,
  });

  it("acts on the same matrices", () => {
    expect(random.map(({ input }) => input.name).sort()).toEqual(
      Object.keys(golden.noise)
        .map((name) => `noise:${name}`)
        .sort(),
    );
  });

  it("gives the same logits, loss and gradients", () => {
    // What theirs does not train, as RLRR's shift, is zero.
    const rest = trainables.map(({ name, shape }) => [name, new Float64Array(sizeOf(shape))] as const);
    const noise = Object.entries(feedsOf(golden.noise)).map(
      ([name, data]) => [`noise:${name}`, data] as const,
    );
    const targets = labels.flatMap((label) =>
      Array.from({ length: config.classes }, (_, at) => (at === label ? 1 / batch : 0)),
    );
    const results = dataOf(graph.outputs, {
      ...Object.fromEntries([...rest, ...noise]),
      ...feedsOf({ ...weights, ...golden.start, images }),
      targets: Float64Array.from(targets),
    });
    expect(results.logits).toBeCloseToTensor(golden.logits.data, { relative: 1e-7 });
    expect(results.loss).toBeCloseToTensor([golden.loss], { relative: 1e-7 });
    expect(golden.penalty).toBeGreaterThan(0.01); // so that it shows in the loss
    expect(Object.keys(golden.gradients)).toHaveLength(2 * 12 + 2);
    for (const [name, { data }] of Object.entries(golden.gradients))
      expect(results[gradientName(name)], name).toBeCloseToTensor(data, { relative: 1e-6 });
  });
});
