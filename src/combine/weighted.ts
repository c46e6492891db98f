/** Weighted sums of tensors. */

import { sameShape, type Tensor } from "../formats/tensor.ts";

export interface Part<Item> {
  readonly weight: number;
  readonly item: Item;
}

/** Σ weight · tensor, summed in float64; all have one shape. */
export function weightedSum(parts: readonly Part<Tensor>[]): Tensor {
  const shape = parts[0]?.item.shape ?? [];
  const sum = new Float64Array(parts[0]?.item.data.length ?? 0);
  for (const { weight, item } of parts) {
    if (!sameShape(item.shape, shape))
      throw new Error("internal: tensors of several shapes cannot be summed.");
    for (let at = 0; at < sum.length; at++)
      sum[at] = (sum[at] as number) + weight * (item.data[at] as number);
  }
  return { shape, data: Float32Array.from(sum) };
}

/** 1 + Σ weight · (scale - 1): of scales, whose change from 1 is what counts. */
export function weightedScale(parts: readonly Part<Tensor>[]): Tensor {
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  const { shape, data } = weightedSum(parts);
  return { shape, data: data.map((value) => value + 1 - total) };
}
