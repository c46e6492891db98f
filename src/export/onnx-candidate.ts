/** An exported ONNX file in ONNX Runtime, ready to be compared. */

import { openOnnxFile } from "../engine/onnx-file.ts";
import type { ImageStore } from "../images/image-store.ts";
import { inputName, outputName } from "./classifier-model.ts";
import type { Candidate } from "./proof.ts";

export interface OnnxCandidateOptions {
  readonly threads?: number | undefined;
  /** Where preprocessing is inside: what decodes the whole images that the file takes. */
  readonly store?: ImageStore | undefined;
}

export async function openOnnxCandidate(
  path: string,
  { threads, store }: OnnxCandidateOptions,
): Promise<Candidate> {
  const file = await openOnnxFile(path, { threads });
  const run = async (data: Float32Array, shape: readonly number[]) =>
    (await file.run({ [inputName]: { data, shape } }))[outputName] ?? new Float32Array();
  return {
    close: () => file.close(),
    logits: async ({ images, batchSize, size, paths, count }) => {
      if (!store) return run(images, [batchSize, 3, ...size]);
      const rows: Float32Array[] = [];
      for (const path of paths) {
        const { width, height, pixels } = await store.load(path, []);
        rows.push(await run(toPlanes(pixels), [1, 3, height, width]));
      }
      return joined(rows, batchSize / count);
    },
  };
}

/** [height, width, 3] bytes → [3, height, width] float32, from 0 to 255. */
function toPlanes(pixels: Uint8Array): Float32Array {
  const plane = pixels.length / 3;
  const planes = new Float32Array(pixels.length);
  for (let at = 0; at < plane; at++)
    for (let channel = 0; channel < 3; channel++)
      planes[channel * plane + at] = pixels[3 * at + channel] as number;
  return planes;
}

/** Rows one after the other, and room for those of a whole batch. */
function joined(rows: readonly Float32Array[], room: number): Float32Array {
  const classes = rows[0]?.length ?? 0;
  const all = new Float32Array(rows.length * classes * room);
  for (const [index, row] of rows.entries()) all.set(row, index * classes);
  return all;
}
