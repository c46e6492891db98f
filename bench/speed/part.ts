/** Measures one part in a process of its own: inference of a plain model, decoding or resizing. */

import sharp from "sharp";
import { openEngine } from "../../src/engine/open-engine.ts";
import { sizeOf } from "../../src/formats/tensor.ts";
import { constant } from "../../src/graph/value.ts";
import { decodeBytes, restrictDecoders } from "../../src/images/decode-bytes.ts";
import { backboneOf, isVariant, variants } from "../../src/model/architectures.ts";
import { affineOf, weightLayers } from "../../src/model/layers.ts";

import { predictGraph } from "../../src/predict/predict-graph.ts";
import { resize } from "../../src/preprocessing/resize.ts";
import { randomStream } from "../../src/random.ts";

const [what = "", model = "", , threads] = process.argv.slice(2);
const rounds = 5;

/** Images per second, by the median of some rounds after one that is not timed. */
async function timed(images: number, run: () => unknown): Promise<number> {
  const seconds: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const began = performance.now();
    await run();
    if (round > 0) seconds.push((performance.now() - began) / 1000);
  }
  return images / (seconds.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN);
}

async function inference(): Promise<number> {
  const config = isVariant(model) ? variants[model] : undefined;
  if (!config) throw new Error(`${model} is no size of a model.`);
  const backbone = backboneOf(config);
  const frozen = (name: string) => {
    const shape = backbone.shapes.get(name) ?? [];
    const data = randomStream(1, name).fillUniform(new Float32Array(sizeOf(shape)), {
      low: -0.03,
      high: 0.03,
    });
    return constant({ shape, data });
  };
  const batchSize = 8;
  const graph = predictGraph(backbone, { layers: weightLayers(affineOf(frozen), frozen), batchSize });
  await using engine = await openEngine(threads === undefined ? {} : { threads: Number(threads) });
  const session = await engine.compile(graph);
  const [height, width] = config.imageSize;
  const images = new Float32Array(batchSize * 3 * height * width).fill(0.5);
  return await timed(batchSize, () => session.run({ images }));
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

const measure = { inference, decode, resize: resizing }[what];
if (!measure) throw new Error(`There is no part "${what}".`);
const imagesPerSecond = await measure();
console.log(JSON.stringify({ imagesPerSecond, peakRssBytes: process.resourceUsage().maxRSS * 1024 }));
