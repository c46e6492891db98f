/** Mixup and cutmix: every image of a step is mixed with another of it, and so are their targets, by timm's arithmetic. */

import type { RandomStream } from "../random.ts";
import type { ExampleBatch } from "./examples.ts";
import { sampleBeta } from "./sample-beta.ts";

/** Zhang et al., arXiv 1710.09412; Yun et al., arXiv 1905.04899. An alpha of 0 is off. */
export interface MixOptions {
  /** Both alphas of the beta distribution of an image's share. */
  readonly mixup: number;
  readonly cutmix: number;
  readonly imageSize: readonly [height: number, width: number];
}

export const mixesImages = ({ mixup, cutmix }: Pick<MixOptions, "mixup" | "cutmix">): boolean =>
  mixup > 0 || cutmix > 0;

/** Rows and columns from the first to before the second. */
export interface MixBox {
  readonly rows: readonly [from: number, to: number];
  readonly columns: readonly [from: number, to: number];
}

/** How the images of one step are mixed. */
export interface Mix {
  /** An image's share of its own target; the rest is its partner's. */
  readonly share: number;
  /** What cutmix takes from the partner; without one the whole images are blended. */
  readonly box?: MixBox;
}

/** What one step does; undefined where nothing is mixed. With both on, each has half of the steps. */
export function sampleMix({ mixup, cutmix, imageSize }: MixOptions, random: RandomStream): Mix | undefined {
  if (mixup === 0 && cutmix === 0) return undefined;
  const cuts = mixup > 0 && cutmix > 0 ? random.next() < 0.5 : cutmix > 0;
  const share = sampleBeta(random, cuts ? cutmix : mixup);
  if (!cuts) return { share };
  const [height, width] = imageSize;
  return cutMix(share, { imageSize, center: [random.int(height), random.int(width)] });
}

/** A box of the partner's share of the area about `center`, cut off at the edges: the share is then what is really left. */
export function cutMix(
  share: number,
  {
    imageSize: [height, width],
    center: [row, column],
  }: Pick<MixOptions, "imageSize"> & { readonly center: readonly [row: number, column: number] },
): Required<Mix> {
  const part = Math.sqrt(1 - share);
  const around = (center: number, size: number): readonly [number, number] => {
    const half = Math.floor(Math.floor(size * part) / 2);
    return [Math.max(0, center - half), Math.min(size, center + half)];
  };
  const box = { rows: around(row, height), columns: around(column, width) };
  const [top, bottom] = box.rows;
  const [left, right] = box.columns;
  return { share: 1 - ((bottom - top) * (right - left)) / (height * width), box };
}

/** Mixes each image with the one as far from the step's end as it is from its start, in place; amid an odd number one stays. */
export function mixImages(
  parts: readonly ExampleBatch[],
  { share, box }: Mix,
  { imageSize: [height, width] }: Pick<MixOptions, "imageSize">,
): void {
  const plane = height * width;
  const images = parts.flatMap(({ numbers, count }) =>
    Array.from({ length: count }, (_, row) => numbers.subarray(row * 3 * plane, (row + 1) * 3 * plane)),
  );
  for (let index = 0; index < images.length >> 1; index++) {
    const [a, b] = [images[index] as Float32Array, images[images.length - 1 - index] as Float32Array];
    if (!box) blend(a, b, share);
    else
      for (let channel = 0; channel < 3; channel++)
        for (let row = box.rows[0]; row < box.rows[1]; row++) {
          const start = channel * plane + row * width;
          swap(a, b, { from: start + box.columns[0], to: start + box.columns[1] });
        }
  }
}

function blend(a: Float32Array, b: Float32Array, share: number): void {
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    a[i] = share * x + (1 - share) * y;
    b[i] = share * y + (1 - share) * x;
  }
}

function swap(a: Float32Array, b: Float32Array, { from, to }: { from: number; to: number }): void {
  const kept = a.slice(from, to);
  a.set(b.subarray(from, to), from);
  b.set(kept, from);
}
