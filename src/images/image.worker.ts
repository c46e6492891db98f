/** The worker thread of the image store: decodes files and moves pixels. */

import { parentPort } from "node:worker_threads";
import { FileError } from "../errors.ts";
import type { Image } from "../preprocessing/image.ts";
import { applyActions, planSteps } from "../preprocessing/plan-steps.ts";
import { decodeImage } from "./decode.ts";
import type { ImageAnswer, ImageTask } from "./image-task.ts";

async function perform(task: ImageTask): Promise<Image> {
  if (task.type === "transform") return applyActions(task.image, task.actions);
  const image = await decodeImage(task.path);
  return applyActions(image, planSteps(task.still, image, { where: task.path }));
}

async function answer(id: number, task: ImageTask): Promise<void> {
  try {
    const image = await perform(task);
    parentPort?.postMessage({ id, image } satisfies ImageAnswer, [image.pixels.buffer]);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    parentPort?.postMessage({ id, message, file: error instanceof FileError } satisfies ImageAnswer);
  }
}

parentPort?.on("message", ({ id, task }: { id: number; task: ImageTask }) => void answer(id, task));
