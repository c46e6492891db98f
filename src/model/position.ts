/** Position embeddings for another grid of patches than they were trained on. Tokens before the patches keep their rows. */

import type { Tensor } from "../formats/tensor.ts";
import { sizeAlong } from "../graph/shapes.ts";

/**
 * `bicubic` is timm's: antialiased, a = -0.5, half-pixel centres.
 * `bicubic-aliased` is transformers' DINOv2's: PyTorch's without antialiasing, a = -0.75.
 * `bilinear-zoom` is the authors' code: scipy's zoom of order 1, where the corners of both grids meet.
 */
export type PositionMethod = "bicubic" | "bicubic-aliased" | "bilinear-zoom";

type Grid = readonly [rows: number, columns: number];

/** One output of a resampling axis: inputs from `start`, one factor each. */
interface Taps {
  readonly start: number;
  readonly factors: readonly number[];
}

/** Keys 1981. */
function cubic(distance: number, a: number): number {
  const x = Math.abs(distance);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return a * (((x - 5) * x + 8) * x - 4);
  return 0;
}

/** Antialiased: the kernel widens by as much as the axis shrinks. */
function cubicTaps(from: number, to: number): readonly Taps[] {
  const scale = from / to;
  const widening = Math.max(scale, 1);
  return Array.from({ length: to }, (_, index) => {
    const center = scale * (index + 0.5);
    const start = Math.max(0, Math.trunc(center - 2 * widening + 0.5));
    const end = Math.min(from, Math.trunc(center + 2 * widening + 0.5));
    const raw = Array.from({ length: end - start }, (_, tap) =>
      cubic((start + tap + 0.5 - center) / widening, -0.5),
    );
    const sum = raw.reduce((total, factor) => total + factor, 0);
    return { start, factors: raw.map((factor) => factor / sum) };
  });
}

/** Four inputs around each output, however much the axis shrinks; beyond the border the outermost is taken again. */
function aliasedTaps(from: number, to: number): readonly Taps[] {
  return Array.from({ length: to }, (_, index) => {
    const at = ((index + 0.5) * from) / to - 0.5;
    const first = Math.floor(at) - 1;
    const start = Math.max(0, first);
    const factors = new Array<number>(Math.min(from, first + 4) - start).fill(0);
    for (let tap = first; tap < first + 4; tap++) {
      const inside = Math.min(from - 1, Math.max(0, tap)) - start;
      factors[inside] = (factors[inside] ?? 0) + cubic(tap - at, -0.75);
    }
    return { start, factors };
  });
}

function zoomTaps(from: number, to: number): readonly Taps[] {
  return Array.from({ length: to }, (_, index) => {
    const at = to === 1 ? 0 : (index * (from - 1)) / (to - 1);
    const start = Math.min(Math.floor(at), Math.max(0, from - 2));
    const fraction = at - start;
    return { start, factors: from === 1 ? [1] : [1 - fraction, fraction] };
  });
}

/** Resamples the middle axis of [outer, taps, inner]. */
function alongAxis(
  data: Float64Array,
  taps: readonly Taps[],
  { outer, from, inner }: { readonly outer: number; readonly from: number; readonly inner: number },
): Float64Array {
  const result = new Float64Array(outer * taps.length * inner);
  for (let o = 0; o < outer; o++)
    taps.forEach(({ start, factors }, index) => {
      const to = (o * taps.length + index) * inner;
      factors.forEach((factor, tap) => {
        const source = (o * from + start + tap) * inner;
        for (let i = 0; i < inner; i++)
          result[to + i] = (result[to + i] as number) + factor * (data[source + i] as number);
      });
    });
  return result;
}

const tapsOf: Readonly<Record<PositionMethod, (from: number, to: number) => readonly Taps[]>> = {
  bicubic: cubicTaps,
  "bicubic-aliased": aliasedTaps,
  "bilinear-zoom": zoomTaps,
};

interface InterpolateOptions {
  readonly from: Grid;
  readonly to: Grid;
  readonly method?: PositionMethod;
  /** Rows before those of the patches, CLS by default. */
  readonly leading?: number;
}

/** Resamples `position` [1, leading + rows·columns, D] from one grid to another. */
export function interpolatePosition(
  position: Tensor,
  { from, to, method = "bicubic", leading = 1 }: InterpolateOptions,
): Tensor {
  const width = sizeAlong(position.shape, 2);
  const kept = position.data.subarray(0, leading * width);
  const data = resampleRows(position.data.subarray(leading * width), width, { from, to, method });
  const result = new Float32Array(kept.length + data.length);
  result.set(kept);
  result.set(data, kept.length);
  return { shape: [1, leading + to[0] * to[1], width], data: result };
}

/** Rows of `width` numbers, one for each place of a grid, for another grid. */
export function resampleRows(
  rows: Float32Array,
  width: number,
  { from, to, method = "bicubic" }: Omit<InterpolateOptions, "leading">,
): Float64Array {
  const axisTaps = tapsOf[method];
  const grid = Float64Array.from(rows);
  const columns = alongAxis(grid, axisTaps(from[1], to[1]), { outer: from[0], from: from[1], inner: width });
  return alongAxis(columns, axisTaps(from[0], to[0]), {
    outer: 1,
    from: from[0],
    inner: to[1] * width,
  });
}
