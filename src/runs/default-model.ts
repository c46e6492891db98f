/** The model that is adapted where none is named: as large as this machine can train in a sensible time. */

import { availableParallelism } from "node:os";
import { chooseThreads } from "../engine/thread-quota.ts";
import { memoryBytes } from "../files/memory.ts";
import { cachedFolder } from "../model/hub.ts";
import { folderOf } from "../model/hub-cache.ts";
import { describeNamed, modelFor, type NamedModel } from "../model/named-models.ts";

export interface DefaultModel {
  readonly model: NamedModel;
  /** What the user must know before anything is fetched. */
  readonly note: string;
}

/** Chosen by the cores that the engine will use and by the memory of the machine or its container. */
export async function chooseModel(threads: number | undefined): Promise<DefaultModel> {
  // 0 leaves the count to ONNX Runtime.
  const cores = chooseThreads(threads).threads || availableParallelism();
  const memory = memoryBytes();
  const model = modelFor({ cores, memoryBytes: memory });
  const hub = { name: model.hubId, revision: "main" };
  const cached = await cachedFolder(hub);
  const where = cached ? `read from ${cached}` : `to be fetched into ${folderOf(hub)}`;
  const machine = `${cores} ${cores === 1 ? "core" : "cores"} and ${Math.round(memory / 1e9)} GB of memory`;
  const note = `No model was named, so one is chosen for ${machine}: ${describeNamed(model)}, ${where}.`;
  return { model, note };
}
