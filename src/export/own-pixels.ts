/** What a target's own resize makes of images, to say how far its answers are from those on the pixels of training. */

import module from "node:module";
import type Sharp from "sharp";
import type { ImageStore } from "../images/image-store.ts";
import { ownFile } from "../own-package.ts";
import { applyActions } from "../preprocessing/actions.ts";
import type { Image } from "../preprocessing/image.ts";
import { applySteps, planSteps } from "../preprocessing/preprocess.ts";
import { curves } from "../preprocessing/resample-filter.ts";
import { fixedPoint, type Kernel, kernelOf, resize } from "../preprocessing/resize.ts";
import { evaluationSteps } from "../preprocessing/step-list.ts";
import type { Filter, Size, Step } from "../preprocessing/steps.ts";
import type { Candidate } from "./proof.ts";

export interface OwnResize {
  /** Whose, for people. */
  readonly title: string;
  readonly resize: (image: Image, size: Size, filter: Filter) => Promise<Image>;
}

/** The candidate on pixels that this resize makes; whatever else is done to an image stays. */
export const withOwnPixels = (
  candidate: Candidate,
  {
    own,
    store,
    steps,
  }: { readonly own: OwnResize; readonly store: ImageStore; readonly steps: readonly Step[] },
): Candidate => ({
  close: () => candidate.close(),
  logits: async (batch) => {
    const images = new Float32Array(batch.images.length);
    const each = images.length / batch.batchSize;
    for (const [at, path] of batch.paths.entries())
      images.set(await prepare(await store.load(path, []), steps, { own, where: path }), at * each);
    return candidate.logits({ ...batch, images });
  },
});

async function prepare(
  image: Image,
  steps: readonly Step[],
  { own, where }: { readonly own: OwnResize; readonly where: string },
): Promise<Float32Array> {
  const whole = evaluationSteps(steps);
  const normalised = whole.filter(([name]) => name === "normalize");
  let current = image;
  for (const action of planSteps(whole, image, { where }))
    current =
      action.type === "resize"
        ? await own.resize(current, action.size, action.filter)
        : applyActions(current, [action]);
  return applySteps(current, normalised, { where });
}

/** By a name that bundlers do not see: they cannot take in its binary, which other files use in processes of their own. */
const decoderName: string = "sharp";
const loadSharp = (): typeof Sharp => module.createRequire(ownFile("package.json"))(decoderName);

/** RawImage.resize of @huggingface/transformers 4 in Node: an interpolation without antialiasing, but for Lanczos. */
export const transformersJsResize: OwnResize = {
  title: "transformers.js's own resize in Node",
  resize: async (image, [height, width], filter) => {
    if (image.width === width && image.height === height) return image;
    const raw = loadSharp()(image.pixels, { raw: { width: image.width, height: image.height, channels: 3 } });
    const interpolator = filter === "nearest" || filter === "bicubic" ? filter : "bilinear";
    const resized =
      filter === "lanczos"
        ? raw.resize({ width, height, fit: "fill", kernel: "lanczos3" })
        : raw.affine([width / image.width, 0, 0, height / image.height], { interpolator });
    const { data, info } = await resized.raw().toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, pixels: new Uint8Array(data) };
  },
};

/** torchvision's resize of bytes, which transformers' default processors use: columns first, weights of 16 bits. */
export const torchvisionResize: OwnResize = {
  title: "transformers' default processor, which resizes by torchvision",
  resize: async (image, [height, width], filter) => {
    if (filter === "nearest") return resize(image, { size: [height, width], filter });
    const across =
      image.width === width ? image : alongRows(image, kernelOf(curves[filter], image.width, width));
    return across.height === height
      ? across
      : transposed(alongRows(transposed(across), kernelOf(curves[filter], image.height, height)));
  },
};

/** The most bits for which the largest weight fits into 15, as `_compute_index_ranges_int16_weights` of PyTorch finds them. */
function bitsFor({ weights }: Kernel): number {
  const largest = weights.reduce((most, weight) => Math.max(most, weight), 0);
  let bits = 0;
  while (bits < 22 && Math.trunc(0.5 + largest * 2 ** (bits + 1)) < 2 ** 15) bits++;
  return bits;
}

function alongRows(image: Image, exact: Kernel): Image {
  const bits = bitsFor(exact);
  const { starts, counts, weights, stride } = fixedPoint(exact, bits);
  const width = starts.length;
  const pixels = new Uint8Array(3 * width * image.height);
  for (let y = 0; y < image.height; y++)
    for (let x = 0; x < width; x++)
      for (let channel = 0; channel < 3; channel++) {
        let sum = 2 ** (bits - 1);
        for (let at = 0; at < (counts[x] as number); at++)
          sum +=
            (weights[x * stride + at] as number) *
            (image.pixels[3 * (y * image.width + (starts[x] as number) + at) + channel] as number);
        pixels[3 * (y * width + x) + channel] = Math.max(0, Math.min(255, Math.floor(sum / 2 ** bits)));
      }
  return { width, height: image.height, pixels };
}

function transposed({ width, height, pixels }: Image): Image {
  const turned = new Uint8Array(pixels.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let channel = 0; channel < 3; channel++)
        turned[3 * (x * height + y) + channel] = pixels[3 * (y * width + x) + channel] as number;
  return { width: height, height: width, pixels: turned };
}
