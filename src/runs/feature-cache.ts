/** Features of a pre-trained model in a folder: runs that start from a probe on the same images compute them once. */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../files/make-folder.ts";
import { writeFileAtomically } from "../files/write-file.ts";
import { isRandom } from "../preprocessing/step-kinds.ts";
import type { Step } from "../preprocessing/steps.ts";
import type { FeatureCache } from "../train/features.ts";
import { version } from "../version.ts";
import type { OpenedRun } from "./open-run.ts";

const hashBytes = 32;

/** Named by all that features depend on: weights, sizes, steps, and the images in order; another name for anything else. */
export function featureCache(
  folder: string,
  {
    config,
    options,
    evaluation,
    files,
  }: Pick<OpenedRun, "config" | "evaluation"> & {
    readonly options: Pick<OpenedRun["options"], "engine" | "preprocessing">;
    readonly files: string;
  },
): FeatureCache {
  const { model } = config;
  const { engine, preprocessing } = options;
  const trained: readonly Step[] = preprocessing.some(isRandom) ? evaluation : preprocessing;
  const content = {
    version,
    engine: engine.name,
    sha256: model.sha256,
    model: model.config,
    trained,
    evaluation,
    files,
  };
  const path = join(folder, createHash("sha256").update(JSON.stringify(content)).digest("hex"));
  return {
    load: async (length) => {
      const bytes = await readFile(path).catch(() => undefined);
      // One of another length, or damaged, is computed again.
      if (bytes?.length !== 4 * length + hashBytes) return undefined;
      const numbers = bytes.subarray(hashBytes);
      if (!hashOf([numbers]).equals(bytes.subarray(0, hashBytes))) return undefined;
      return new Float32Array(Uint8Array.from(numbers).buffer);
    },
    save: async (parts) => {
      await makeFolder(folder);
      const bytes = parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength));
      await writeFileAtomically(path, [hashOf(bytes), ...bytes]);
    },
  };
}

function hashOf(parts: readonly Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}
