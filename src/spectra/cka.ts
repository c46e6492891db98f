/** Linear CKA: how alike two sets of features of the same images are, whatever their scale and however they are turned. */

import { gram } from "./gram.ts";

/** Features [images, width], row-major. */
export interface Features {
  readonly images: number;
  readonly width: number;
  readonly data: ArrayLike<number>;
}

/** Fewer images have no unbiased estimate. */
export const fewestForCka = 4;

/**
 * Kornblith et al. 2019, with the unbiased estimate of HSIC (Song et al. 2012; Nguyen et al. 2021), since the plain one calls
 * unrelated features alike where there are fewer images than numbers in a feature. At most 1; about 0 for unrelated features.
 */
export function linearCka(a: Features, b: Features): number {
  const [k, l] = [kernelOf(a), kernelOf(b)];
  const size = a.images;
  return hsic(k, l, size) / Math.sqrt(hsic(k, k, size) * hsic(l, l, size));
}

/** The products of features of each two different images, of which what a common mean adds is gone; 0 on the diagonal. */
function kernelOf({ images, width, data }: Features): Float64Array {
  const centred = new Float64Array(images * width);
  for (let column = 0; column < width; column++) {
    let mean = 0;
    for (let row = 0; row < images; row++) mean += (data[row * width + column] as number) / images;
    for (let row = 0; row < images; row++)
      centred[row * width + column] = (data[row * width + column] as number) - mean;
  }
  const kernel = gram({ rows: images, columns: width, data: centred });
  for (let i = 0; i < images; i++) kernel[i * images + i] = 0;
  return kernel;
}

/** HSIC = (tr KL + 1ᵀK1·1ᵀL1 / ((n-1)(n-2)) - 2·1ᵀKL1 / (n-2)) / (n(n-3)), both with a diagonal of 0. */
function hsic(k: Float64Array, l: Float64Array, size: number): number {
  let [trace, allK, allL, both] = [0, 0, 0, 0];
  for (let i = 0; i < size; i++) {
    let [rowK, rowL] = [0, 0];
    for (let j = 0; j < size; j++) {
      const [x, y] = [k[i * size + j] as number, l[i * size + j] as number];
      trace += x * y;
      rowK += x;
      rowL += y;
    }
    allK += rowK;
    allL += rowL;
    both += rowK * rowL;
  }
  const corrected = trace + (allK * allL) / ((size - 1) * (size - 2)) - (2 * both) / (size - 2);
  return corrected / (size * (size - 3));
}
