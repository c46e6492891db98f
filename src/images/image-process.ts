/** The process in which files are decoded, so that a decoder that hangs, crashes or fills memory affects nothing else. */

import { FileError } from "../errors.ts";
import { type Action, applyActions } from "../preprocessing/actions.ts";
import type { Image } from "../preprocessing/image.ts";
import { planSteps } from "../preprocessing/preprocess.ts";
import type { Step } from "../preprocessing/steps.ts";
import { decodeBytes, type ImageFacts, NeedsMemory, readFacts, restrictDecoders } from "./decode-bytes.ts";
import { type ReadSource, readImageFile } from "./image-source.ts";
import { makeSketch, type SketchedImage } from "./sketch.ts";

type FileSource = Exclude<ReadSource, { type: "pixels" }>;

/** `where` names the image in messages. */
export type ImageTask = { readonly where: string } & (
  | { readonly type: "load"; readonly source: FileSource; readonly steps: readonly Step[] }
  | { readonly type: "facts"; readonly source: FileSource }
  | { readonly type: "sketch"; readonly source: FileSource }
  | { readonly type: "transform"; readonly image: Image; readonly actions: readonly Action[] }
);

/** What each kind of task gives. */
export interface ImageResults {
  readonly load: Image;
  readonly facts: ImageFacts;
  readonly sketch: SketchedImage;
  readonly transform: Image;
}

type Result = ImageResults[keyof ImageResults];

/** How much memory a task may take: estimated from the file's header, and measured. */
export interface MemoryLimit {
  readonly estimatedBytes: number;
  readonly measuredBytes: number;
}

export interface ImageQuestion {
  readonly task: ImageTask;
  readonly memory: MemoryLimit;
}

export type ImageAnswer =
  /** It has started; whatever ends it from now on was the task's doing. */
  | { readonly type: "ready" }
  | { readonly type: "done"; readonly result: Result }
  /** `isFile`: the message is for the owner of the file. */
  | { readonly type: "failed"; readonly message: string; readonly isFile: boolean }
  /** It would take more memory than allowed. */
  | { readonly type: "large" }
  /** It already takes too much and is still running: this process has to be killed. */
  | { readonly type: "overgrown" };

const WATCH_MS = 20;

async function perform(task: ImageTask, { estimatedBytes }: MemoryLimit): Promise<Result> {
  if (task.type === "transform") return applyActions(task.image, task.actions);
  const { source, where } = task;
  const bytes = source.type === "path" ? await readImageFile(source.path) : source.bytes;
  if (task.type === "facts") return readFacts(bytes, where);
  const image = await decodeBytes(bytes, { where, maxDecodedBytes: estimatedBytes });
  if (task.type === "sketch") return { facts: await readFacts(bytes, where), sketch: makeSketch(image) };
  return applyActions(image, planSteps(task.steps, image, { where }));
}

function failure(error: unknown): ImageAnswer {
  if (error instanceof NeedsMemory) return { type: "large" };
  const message = error instanceof Error ? error.message : String(error);
  return { type: "failed", message, isFile: error instanceof FileError };
}

const send = (answer: ImageAnswer) => process.send?.(answer);

async function answer({ task, memory }: ImageQuestion): Promise<void> {
  const before = process.memoryUsage.rss();
  // A file may lie about its size, and decoders may need more than expected. While a decoder in JavaScript or
  // WebAssembly runs, no timer of this process does: on Linux the pool watches from outside, elsewhere these decoders
  // are bounded by the estimate, which is exact for GIF and BMP, and HEIC also by the 2 GiB of its WebAssembly.
  const watch = setInterval(() => {
    if (process.memoryUsage.rss() - before < memory.measuredBytes) return;
    clearInterval(watch);
    send({ type: "overgrown" });
  }, WATCH_MS);
  try {
    const result = await perform(task, memory);
    send({ type: "done", result });
  } catch (error) {
    send(failure(error));
  } finally {
    clearInterval(watch);
  }
}

restrictDecoders();
process.on("message", (question: ImageQuestion) => void answer(question));
// The parent is gone. An orderly exit would wait for the decoder.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
send({ type: "ready" });
