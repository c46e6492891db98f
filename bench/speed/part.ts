/** Measures one part in a process of its own: inference, decoding or resizing. */

import { parseArgs } from "node:util";
import sharp from "sharp";
import { decodeBytes, restrictDecoders } from "../../src/images/decode-bytes.ts";
import { resize } from "../../src/preprocessing/resize.ts";
import { randomStream } from "../../src/random.ts";
import { inference } from "./inference.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { threads: { type: "string" }, "batch-size": { type: "string", default: "8" } },
});
const [what = "", model = "", kind = ""] = positionals;
const threads = values.threads === undefined ? undefined : Number(values.threads);
const rounds = 5;

/**
 * Images per second, by the median of some rounds after one that is not timed. On one thread it is the process's own time that
 * counts, which others on the machine do not lengthen.
 */
async function timed(images: number, run: () => unknown): Promise<number> {
  const seconds: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const began = clock();
    await run();
    if (round > 0) seconds.push(clock() - began);
  }
  return images / (seconds.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN);
}

function clock(): number {
  const { user, system } = process.cpuUsage();
  return threads === 1 ? (user + system) / 1e6 : performance.now() / 1000;
}

const noise = () => {
  const numbers = randomStream(1, "image").fillUniform(new Float32Array(500 * 375 * 3), {
    low: 0,
    high: 255,
  });
  return Uint8Array.from(numbers);
};

/** A JPEG of blurred noise, of the size that photos have in data sets. */
async function decode(): Promise<number> {
  const raw = { width: 500, height: 375, channels: 3 } as const;
  const bytes = await sharp(noise(), { raw }).blur(3).jpeg({ quality: 90 }).toBuffer();
  restrictDecoders();
  return timed(20, async () => {
    for (let image = 0; image < 20; image++)
      await decodeBytes(bytes, { where: "image.jpg", maxDecodedBytes: 2 ** 24 });
  });
}

function resizing(): Promise<number> {
  const image = { width: 500, height: 375, pixels: noise() };
  return timed(20, () => {
    for (let at = 0; at < 20; at++) resize(image, { size: [224, 224], filter: "bicubic" });
  });
}

const batchSize = Number(values["batch-size"]);
const measure = {
  inference: () => inference(model, kind, { batchSize, threads, timed }),
  decode,
  resize: resizing,
}[what];
if (!measure) throw new Error(`There is no part "${what}".`);
const imagesPerSecond = await measure();
console.log(JSON.stringify({ imagesPerSecond, peakRssBytes: process.resourceUsage().maxRSS * 1024 }));
