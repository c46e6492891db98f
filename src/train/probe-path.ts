/** Logistic regression on frozen features by L-BFGS: a head for each L2 penalty. */

import type { Engine, Session } from "../engine/engine.ts";
import { grad } from "../graph/grad.ts";
import { add } from "../graph/ops.ts";
import { constant, input } from "../graph/value.ts";
import { dense } from "../model/layers.ts";
import type { FeatureSet } from "./features.ts";
import { addHeads, type Head, logitsOf } from "./heads.ts";
import { minimise, type Objective } from "./lbfgs.ts";
import { crossEntropy } from "./loss.ts";
import { targetsFor } from "./targets.ts";

/** From strong to weak, each fit starting from the one before. */
export const penalties = [1, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003] as const;

export interface ProbeOptions {
  readonly classes: number;
  readonly engine: Engine;
  /** Weight per class; all alike where left out. */
  readonly classWeights?: readonly number[] | undefined;
  /** Fits these rows alone, on top of a head whose other rows stay as they are. */
  readonly beside?: Beside | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Beside {
  readonly head: Head;
  readonly rows: readonly number[];
}

/** A head for each penalty, in order. */
export async function* probePath(
  train: FeatureSet,
  options: ProbeOptions,
): AsyncGenerator<{ penalty: (typeof penalties)[number]; head: Head }, void, void> {
  const { classes, engine, beside, signal } = options;
  const width = train.rows.length / train.labels.length;
  const fitted = fittedNumbers({ classes, width, rows: beside?.rows });
  const scaling = standardise(train.rows, width);
  const session = await engine.compile(probeGraph(train, { ...options, width, scaling }));
  try {
    let point = new Float64Array(classes * (width + 1));
    for (const penalty of penalties) {
      const objective = penalised(session, { penalty, weights: classes * width, fitted, signal });
      point = await minimise(objective, point, { iterations: 60, tolerance: 1e-4 });
      const head = unscale(point, { classes, width, scaling });
      yield { penalty, head: beside ? addHeads(beside.head, head) : head };
    }
  } finally {
    await session.close();
  }
}

/** 1 for each number of the vector that is fitted; what has no gradient stays at the 0 that it starts from. */
function fittedNumbers({
  classes,
  width,
  rows,
}: {
  classes: number;
  width: number;
  rows: readonly number[] | undefined;
}): Float64Array {
  const fitted = new Float64Array(classes * (width + 1)).fill(rows ? 0 : 1);
  for (const row of rows ?? []) {
    fitted.fill(1, row * width, (row + 1) * width);
    fitted[classes * width + row] = 1;
  }
  return fitted;
}

interface Penalised {
  readonly penalty: number;
  readonly weights: number;
  readonly fitted: Float64Array;
  readonly signal: AbortSignal | undefined;
}

/** The graph's loss and λ/2·‖W‖² as a function of one vector: the weights, then the biases. */
const penalised =
  (session: Session, { penalty, weights, fitted, signal }: Penalised): Objective =>
  async (at) => {
    signal?.throwIfAborted();
    const weight = Float32Array.from(at.subarray(0, weights));
    const bias = Float32Array.from(at.subarray(weights));
    const { loss, dWeight, dBias } = await session.run({ weight, bias });
    if (!loss || !dWeight || !dBias) throw new Error("internal: the probe's graph gave no gradient.");
    const gradient = new Float64Array(at.length);
    let squares = 0;
    for (let i = 0; i < weights; i++) {
      squares += (at[i] as number) ** 2;
      gradient[i] = (dWeight[i] as number) + penalty * (at[i] as number);
    }
    gradient.set(dBias, weights);
    for (let i = 0; i < at.length; i++) gradient[i] = (gradient[i] as number) * (fitted[i] as number);
    return { value: (loss[0] as number) + (penalty / 2) * squares, gradient };
  };

interface Scaling {
  readonly mean: Float64Array;
  /** 1 / std; 0 where a feature is constant. */
  readonly inverse: Float64Array;
}

function standardise(rows: Float32Array, width: number): Scaling {
  const count = rows.length / width;
  const [mean, square] = [new Float64Array(width), new Float64Array(width)];
  for (let i = 0; i < rows.length; i++) {
    const column = i % width;
    mean[column] = (mean[column] as number) + (rows[i] as number) / count;
  }
  for (let i = 0; i < rows.length; i++) {
    const column = i % width;
    square[column] =
      (square[column] as number) + ((rows[i] as number) - (mean[column] as number)) ** 2 / count;
  }
  return { mean, inverse: square.map((variance) => (variance > 1e-12 ? 1 / Math.sqrt(variance) : 0)) };
}

/** Features are constants of the graph, so that a run moves no more than the head. */
function probeGraph(
  set: FeatureSet,
  { classes, classWeights, beside, width, scaling }: ProbeOptions & { width: number; scaling: Scaling },
) {
  const { rows, labels } = set;
  const { mean, inverse } = scaling;
  const scaled = rows.map((x, i) => (x - (mean[i % width] as number)) * (inverse[i % width] as number));
  const total = labels.reduce((sum, label) => sum + (classWeights?.[label] ?? 1), 0);
  const targets = targetsFor(Int32Array.from(labels), {
    ...{ classes, labelSmoothing: 0, classWeights, total, rows: labels.length },
  });
  const features = constant({ shape: [labels.length, width], data: scaled });
  const [weight, bias] = [input("weight", [classes, width]), input("bias", [classes])];
  const own = dense(features, { weight, bias }); // [examples, classes]
  const logits = beside ? add(own, constant(logitsOf(beside.head, set, classes))) : own;
  const loss = crossEntropy(logits, constant({ shape: [labels.length, classes], data: targets }));
  const [dWeight = loss, dBias = loss] = grad(loss, [weight, bias]);
  return { outputs: { loss, dWeight, dBias } };
}

/** W·(x - mean)/std + b as a head for x itself. */
function unscale(
  point: Float64Array,
  { classes, width, scaling: { mean, inverse } }: { classes: number; width: number; scaling: Scaling },
): Head {
  const weight = new Float32Array(classes * width);
  const bias = new Float32Array(classes);
  for (let row = 0; row < classes; row++) {
    let shift = point[classes * width + row] as number;
    for (let column = 0; column < width; column++) {
      const scaled = (point[row * width + column] as number) * (inverse[column] as number);
      weight[row * width + column] = scaled;
      shift -= scaled * (mean[column] as number);
    }
    bias[row] = shift;
  }
  return new Map([
    ["head.weight", { shape: [classes, width], data: weight }],
    ["head.bias", { shape: [classes], data: bias }],
  ]);
}
