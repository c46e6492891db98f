/** A model in 8 bits whose left sides have fixed ranges, measured before on a few images: nothing is searched for while it runs. */

import type { OnnxModel } from "../formats/onnx-model.ts";
import type { ColumnRange, Ranges } from "./calibration.ts";
import type { NodeWriter } from "./node-writer.ts";
import { type QuantisedMatrix, quantise, quantisedProducts, zeroPoint } from "./quantise.ts";
import { castTo } from "./resize-nodes.ts";

/** uint8 holds whole numbers from 0 to this. */
const most = 255;
/** α. Of 0.5 to 0.9, 0.7 and 0.8 kept most labels of validation images of dtd10, and 0.7 differed least on those of cifar10. */
const share = 0.75;

/**
 * A few columns of a Transformer's activations are a hundred times as wide as the others, and would take the whole range. So a
 * column is divided by s = (max |x|)^α / (max |w|)^(1−α), and the weights that meet it are multiplied by it: a part of the difficulty
 * moves to them. Xiao et al. 2023 (SmoothQuant), https://arxiv.org/abs/2211.10438, eq. 4.
 */
export function quantiseStatic(model: OnnxModel, ranges: Ranges): OnnxModel {
  const columns = columnsOf(model, ranges);
  return quantise(model, { columns, product: fixedProduct(ranges, columns) });
}

/** s by the name of a left side, which several matrices may share. */
function columnsOf(model: OnnxModel, ranges: Ranges): ReadonlyMap<string, Float32Array> {
  const widest = new Map<string, Float32Array>();
  for (const { x, numbers, inner } of quantisedProducts(model)) {
    const known = widest.get(x) ?? new Float32Array(inner);
    for (const [at, number] of numbers.entries())
      known[at % inner] = Math.max(known[at % inner] as number, Math.abs(number));
    widest.set(x, known);
  }
  return new Map(
    [...widest].map(([x, weights]) => {
      const { low, high } = rangeOf(ranges, x);
      return [
        x,
        weights.map((weight, at) => {
          const wide = Math.max(-(low[at] as number), high[at] as number);
          return wide > 0 && weight > 0 ? wide ** share / weight ** (1 - share) : 1;
        }),
      ];
    }),
  );
}

/** With one unit u for all columns and q from 0 to 255:  x = u·(q − z) ⊙ s, so x·Wᵀ = u·((q − z)·(s ⊙ W)ᵀ). */
function fixedProduct(
  ranges: Ranges,
  columns: ReadonlyMap<string, Float32Array>,
): (write: NodeWriter, matrix: QuantisedMatrix) => string {
  const known = new Map<string, { readonly bytes: string; readonly unit: number; readonly zero: number }>();
  const quantised = (write: NodeWriter, x: string) => {
    const { low, high } = rangeOf(ranges, x);
    const s = columns.get(x) ?? new Float32Array(low.length).fill(1);
    // 0 is always within, so that it is exact.
    const least = low.reduce((least, number, at) => Math.min(least, number / (s[at] as number)), 0);
    const largest = high.reduce((largest, number, at) => Math.max(largest, number / (s[at] as number)), 0);
    const unit = (largest - least) / most || 1;
    const zero = Math.round(-least / unit);
    const even = write.op("Mul", [x, write.float32(s.map((factor) => 1 / factor))]);
    const bytes = write.op("QuantizeLinear", [even, write.float32([unit], []), write.uint8(zero)]);
    return { bytes, unit, zero };
  };
  return (write, { x, weight, scale, bias }) => {
    const { bytes, unit, zero } = known.get(x) ?? quantised(write, x);
    known.set(x, { bytes, unit, zero });
    const whole = write.op("MatMulInteger", [bytes, weight, write.uint8(zero), write.uint8(zeroPoint)]);
    const scaled = write.op("Mul", [castTo(write, whole, "float32"), write.float32([unit], [])]);
    const product = write.op("Mul", [scaled, scale]);
    return bias === undefined ? product : write.op("Add", [product, bias]);
  };
}

function rangeOf(ranges: Ranges, x: string): ColumnRange {
  const range = ranges.get(x);
  if (!range) throw new Error(`internal: no range of ${x}.`);
  return range;
}
