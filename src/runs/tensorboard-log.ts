/** A run's events for TensorBoard, in a folder of their own: loss, rate and gradient of each step, losses and accuracies of each epoch. */

import { open } from "node:fs/promises";
import { join } from "node:path";
import { writeProblem } from "../files/file-problem.ts";
import { makeFolder } from "../files/make-folder.ts";
import { restartRecord, scalarRecord, versionRecord } from "../formats/tensorboard-events.ts";
import type {
  FitContinuedEvent,
  FitEpochEvent,
  FitFoldEvent,
  FitProbeEvent,
  FitStepEvent,
} from "../train/fit-events.ts";

type Logged = FitStepEvent | FitEpochEvent | FitProbeEvent | FitContinuedEvent | FitFoldEvent;
/** Without its state. */
export type LoggedFacts = Logged extends infer Event
  ? Event extends Logged
    ? Omit<Event, "state">
    : never
  : never;

export interface TensorboardLog {
  readonly append: (facts: LoggedFacts) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Begins a new file, of events from step `from` on: what older files have of these no longer counts. */
export async function openTensorboardLog(
  folder: string,
  { from }: { from: number },
): Promise<TensorboardLog> {
  await makeFolder(folder);
  const { handle, path } = await newFile(folder);
  const write = (data: Uint8Array) =>
    handle.appendFile(data).catch((cause: unknown) => {
      throw writeProblem(cause, path);
    });
  await write(versionRecord(now()));
  await write(restartRecord({ wallTime: now(), step: from }));
  return {
    append: async (facts) => {
      const { at, scalars } = scalarsOf(facts);
      const known = Object.entries(scalars).filter(
        (entry): entry is [string, number] => entry[1] !== undefined,
      );
      const prefix =
        facts.type !== "fold" && "fold" in facts && facts.fold !== undefined ? `fold ${facts.fold + 1}/` : "";
      const tagged = Object.fromEntries(known.map(([tag, value]) => [`${prefix}${tag}`, value]));
      if (known.length > 0) await write(scalarRecord({ wallTime: now(), step: at }, tagged));
    },
    close: () => handle.close(),
  };
}

const now = (): number => Date.now() / 1000;

/** Named as TensorBoard looks for them and in the order that it reads them; a run that is resumed within a second has a number more. */
async function newFile(folder: string) {
  const seconds = Math.floor(now()).toString().padStart(10, "0");
  for (let number = 0; ; number++) {
    const path = join(folder, `events.out.tfevents.${seconds}.rlrr.${number}`);
    try {
      return { handle: await open(path, "ax"), path };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw writeProblem(cause, path);
    }
  }
}

interface Scalars {
  readonly at: number;
  readonly scalars: Readonly<Record<string, number | undefined>>;
}

/** Accuracies in percent, each under the split that it is of. */
function scalarsOf(facts: LoggedFacts): Scalars {
  switch (facts.type) {
    case "step": {
      const { step, loss, learningRate, gradientNorm, imagesPerSecond } = facts;
      return {
        at: step,
        scalars: {
          ...{ "step/loss": loss, "step/learning_rate": learningRate },
          ...{ "step/gradient_norm": gradientNorm, "step/images_per_second": imagesPerSecond },
        },
      };
    }
    case "epoch":
      return {
        at: facts.step,
        scalars: {
          ...{ "loss/train": facts.trainLoss, "top1/train": facts.trainTop1 },
          ...validation(facts),
        },
      };
    case "fold": {
      const scalars = { "folds/probe_top1": facts.probeTop1, "folds/top1": facts.top1 };
      return { at: facts.fold + 1, scalars };
    }
    default:
      return { at: 0, scalars: validation(facts) };
  }
}

const validation = ({ valLoss, valTop1 }: { readonly valLoss?: number; readonly valTop1?: number }) => ({
  ...{ "loss/validation": valLoss, "top1/validation": valTop1 },
});
