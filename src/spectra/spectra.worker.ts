/** The worker thread that compares weights, one after the other. */

import { parentPort } from "node:worker_threads";
import { type ComparedWeights, compareWeights, type WeightPair } from "./compare-weights.ts";

export type SpectraReply =
  | { readonly result: ComparedWeights; readonly failed?: undefined }
  | { readonly failed: string };

parentPort?.on("message", (pair: WeightPair) => {
  let reply: SpectraReply;
  try {
    reply = { result: compareWeights(pair) };
  } catch (error) {
    reply = { failed: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(reply);
});
