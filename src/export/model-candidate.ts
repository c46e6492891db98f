/** A folder of weights that was exported, read again and run, on the pixels that its own preprocessing makes. */

import { isDeepStrictEqual } from "node:util";
import { batches } from "../datasets/batches.ts";
import type { Model } from "../model/model.ts";
import { classifierGraph } from "../predict/classifier.ts";
import { evaluationSteps } from "../preprocessing/step-list.ts";
import type { Candidate } from "./proof.ts";
import type { ExportParts } from "./targets.ts";

export function openModelCandidate(model: Model, { engine, store, opened }: ExportParts): Candidate {
  const sessions = new Map<number, ReturnType<typeof engine.compile>>();
  const sessionOf = (batchSize: number) => {
    const session = sessions.get(batchSize) ?? engine.compile(classifierGraph({ model, batchSize }));
    sessions.set(batchSize, session);
    return session;
  };
  const steps = model.preprocessing ?? opened.preprocessing;
  const isSame = isDeepStrictEqual(steps, evaluationSteps(opened.preprocessing));
  return {
    logits: async ({ images, batchSize, paths }) => {
      const session = await sessionOf(batchSize);
      if (isSame) return (await session.run({ images })).logits ?? new Float32Array();
      const examples = paths.map((path) => ({ path, label: 0 }));
      for await (const own of batches(examples, { store, steps, batchSize }))
        return (await session.run({ images: own.images })).logits ?? new Float32Array();
      return new Float32Array();
    },
    close: async () => {
      for (const session of sessions.values()) await (await session).close();
    },
  };
}
