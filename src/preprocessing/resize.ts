/** Resizing to the bit as Pillow 13 does it: antialiased, separable, in fixed point, rounded to bytes after each pass. */

import type { Image } from "./image.ts";
import { type Curve, curves } from "./resample-filter.ts";
import type { Filter } from "./steps.ts";

/** Bits after the point of a weight: 32 less 8 for the byte, less 2 for sums beyond 1 and the sign. */
const PRECISION_BITS = 32 - 8 - 2;
const HALF = 1 << (PRECISION_BITS - 1);

/** For each output pixel: the first source pixel, how many, and their weights. */
export interface Kernel<Weights = Float64Array> {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  /** [output pixels, stride] */
  readonly weights: Weights;
  readonly stride: number;
}

/** Weights that add up to 1 in every output pixel. */
export function kernelOf(curve: Curve, inSize: number, outSize: number): Kernel {
  const scale = inSize / outSize;
  const filterScale = Math.max(scale, 1); // shrinking widens the filter: this is the antialiasing
  const support = curve.support * filterScale;
  const stride = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(outSize);
  const counts = new Int32Array(outSize);
  const weights = new Float64Array(outSize * stride);
  for (let out = 0; out < outSize; out++) {
    const center = (out + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const count = Math.min(inSize, Math.trunc(center + support + 0.5)) - start;
    const first = out * stride;
    let sum = 0;
    for (let at = 0; at < count; at++) {
      const weight = curve.weight((at + start - center + 0.5) * (1 / filterScale));
      weights[first + at] = weight;
      sum += weight;
    }
    if (sum !== 0)
      for (let at = 0; at < count; at++) weights[first + at] = (weights[first + at] as number) / sum;
    starts[out] = start;
    counts[out] = count;
  }
  return { starts, counts, weights, stride };
}

/** The same in whole parts of 2^-bits, rounded half away from zero. */
export const fixedPoint = (kernel: Kernel, bits: number): Kernel<Int32Array> => ({
  ...kernel,
  weights: Int32Array.from(kernel.weights, (weight) =>
    Math.trunc(weight * 2 ** bits + (weight < 0 ? -0.5 : 0.5)),
  ),
});

const pillowKernel = (curve: Curve, inSize: number, outSize: number): Kernel<Int32Array> =>
  fixedPoint(kernelOf(curve, inSize, outSize), PRECISION_BITS);

const toByte = (sum: number): number => Math.max(0, Math.min(255, sum >> PRECISION_BITS));

/** The typed arrays below are indexed within their bounds by construction; `as number` tells the compiler so. */
function resizeWidth(image: Image, outWidth: number, curve: Curve): Image {
  const { starts, counts, weights, stride } = pillowKernel(curve, image.width, outWidth);
  const source = image.pixels;
  const pixels = new Uint8Array(outWidth * image.height * 3);
  let to = 0;
  for (let y = 0; y < image.height; y++) {
    const row = y * image.width * 3;
    for (let x = 0; x < outWidth; x++) {
      let from = row + (starts[x] as number) * 3;
      const first = x * stride;
      const end = first + (counts[x] as number);
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      for (let at = first; at < end; at++) {
        const weight = weights[at] as number;
        red = (red + Math.imul(source[from] as number, weight)) | 0;
        green = (green + Math.imul(source[from + 1] as number, weight)) | 0;
        blue = (blue + Math.imul(source[from + 2] as number, weight)) | 0;
        from += 3;
      }
      pixels[to] = toByte(red);
      pixels[to + 1] = toByte(green);
      pixels[to + 2] = toByte(blue);
      to += 3;
    }
  }
  return { width: outWidth, height: image.height, pixels };
}

function resizeHeight(image: Image, outHeight: number, curve: Curve): Image {
  const { starts, counts, weights, stride } = pillowKernel(curve, image.height, outHeight);
  const source = image.pixels;
  const length = image.width * 3;
  const pixels = new Uint8Array(length * outHeight);
  const sums = new Int32Array(length); // row by row, so that memory is read in order
  for (let y = 0; y < outHeight; y++) {
    sums.fill(HALF);
    const count = counts[y] as number;
    for (let at = 0; at < count; at++) {
      const weight = weights[y * stride + at] as number;
      const from = ((starts[y] as number) + at) * length;
      for (let x = 0; x < length; x++)
        sums[x] = (sums[x] as number) + Math.imul(source[from + x] as number, weight);
    }
    for (let x = 0; x < length; x++) pixels[y * length + x] = toByte(sums[x] as number);
  }
  return { width: image.width, height: outHeight, pixels };
}

/** The source position of each output pixel; the step is added up, not multiplied, as Pillow's affine transform does. */
function nearestPositions(inSize: number, outSize: number): Int32Array {
  const step = inSize / outSize;
  const positions = new Int32Array(outSize);
  let at = step * 0.5;
  for (let out = 0; out < outSize; out++) {
    positions[out] = Math.min(Math.trunc(at), inSize - 1);
    at += step;
  }
  return positions;
}

function resizeNearest(image: Image, height: number, width: number): Image {
  const columns = nearestPositions(image.width, width);
  const rows = nearestPositions(image.height, height);
  const pixels = new Uint8Array(width * height * 3);
  let to = 0;
  for (const row of rows)
    for (const column of columns) {
      const from = (row * image.width + column) * 3;
      pixels[to++] = image.pixels[from] as number;
      pixels[to++] = image.pixels[from + 1] as number;
      pixels[to++] = image.pixels[from + 2] as number;
    }
  return { width, height, pixels };
}

/**
 * Whether the rows are resized before the columns. Pillow does so since version 13 where more than twice as many rows go as
 * columns; as each pass rounds, the order shows in the bytes.
 */
const resizesHeightFirst = (
  from: Pick<Image, "width" | "height">,
  [height, width]: readonly [number, number],
): boolean => from.height > height && from.height - height > 2 * (from.width - width);

/** The image at `size`, equal to Pillow's `image.resize((width, height), filter)` in every byte. */
export function resize(
  image: Image,
  { size: [height, width], filter }: { readonly size: readonly [number, number]; readonly filter: Filter },
): Image {
  if (image.width === width && image.height === height) return image;
  if (filter === "nearest") return resizeNearest(image, height, width);
  const toWidth = (from: Image) => (from.width === width ? from : resizeWidth(from, width, curves[filter]));
  const toHeight = (from: Image) =>
    from.height === height ? from : resizeHeight(from, height, curves[filter]);
  return resizesHeightFirst(image, [height, width]) ? toWidth(toHeight(image)) : toHeight(toWidth(image));
}
