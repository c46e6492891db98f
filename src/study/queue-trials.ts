/** Hands the trials of a study to a queue, and takes their results from whichever workers ran them. */

import type { Job, Queue, QueueEvents } from "bullmq";
import { FileError } from "../errors.ts";
import { version } from "../version.ts";
import { jobId, type QueueConnection, queueName, type TrialJob } from "./queue-connection.ts";
import { parseEnd } from "./results-file.ts";
import type { Trial, TrialCost, TrialResult } from "./trial.ts";
import type { RunTrials, TrialSource } from "./trial-pool.ts";
import type { TrialEnd } from "./trial-worker.ts";
import { noWorkers, watchWorkers } from "./watch-workers.ts";

/** What a worker gives back. */
export interface JobResult {
  readonly result: TrialResult;
  readonly cost: TrialCost;
}

export interface QueueParts {
  /** The folder or the store that the trials belong to. */
  readonly study: string;
  /** What a worker is given of a trial; the trial itself where left out. */
  readonly hand?: ((trial: Trial) => Trial) | undefined;
}

/** Where the signal is raised, trials stay in the queue and workers go on. */
export const inQueue =
  ({ bullmq, options, shown }: QueueConnection, parts: QueueParts): RunTrials =>
  async (source) => {
    const queue = new bullmq.Queue<TrialJob, JobResult>(queueName, options);
    const events = new bullmq.QueueEvents(queueName, options);
    // Connections that break are taken up again; whoever waits need not know.
    queue.on("error", () => {});
    events.on("error", () => {});
    try {
      await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);
      await follow({ queue, events, source, shown, ...parts });
    } finally {
      await Promise.all([queue.close(), events.close()]);
    }
  };

interface Followed extends QueueParts {
  readonly queue: Queue<TrialJob, JobResult>;
  readonly events: QueueEvents;
  readonly source: TrialSource;
  /** The server's address. */
  readonly shown: string;
}

/** Events may be lost with a connection, so all jobs are looked at as often as this. */
const lookMs = 5000;

/** Ends when nothing is out and nothing is ready, or when the signal is raised. */
async function follow({ queue, events, study, hand, source, shown }: Followed): Promise<void> {
  const { next, onProgress, onEnd, onNote, signal } = source;
  const out = new Map<string, Trial>();
  const told = new Set<string>();
  let wake = () => {};
  const hear = ({ jobId: id }: { readonly jobId: string }) => {
    if (!out.has(id)) return; // of another study
    told.add(id);
    wake();
  };
  events.on("completed", hear).on("failed", hear);
  events.on("progress", ({ jobId: id, data }) => {
    const trial = out.get(id);
    if (trial && typeof data === "number") onProgress(trial, data);
  });
  const stop = () => wake();
  signal.addEventListener("abort", stop);
  const handOut = async () => {
    for (let trial = next(undefined); trial; trial = next(undefined)) {
      const id = jobId(study, trial.name);
      out.set(id, trial);
      await add(queue, id, hand?.(trial) ?? trial);
      told.add(id); // it may have ended in an earlier start
    }
  };
  const lookForWorkers = watchWorkers({
    ...{ count: () => queue.getWorkersCount(), everyMs: lookMs },
    tell: () => onNote?.(noWorkers(shown)),
  });
  try {
    await handOut();
    while (!signal.aborted && out.size > 0) {
      const ids = told.size > 0 ? [...told] : [...out.keys()];
      told.clear();
      for (const id of ids) {
        const trial = out.get(id);
        const end = trial && (await endOf(await queue.getJob(id)));
        if (!trial || !end) continue;
        await onEnd(trial, end);
        out.delete(id);
        await handOut(); // first, so that the queue is not empty while there is more
        await queue.remove(id); // recorded: nobody else waits for it
      }
      if (told.size === 0 && !signal.aborted && out.size > 0)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, lookMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      if (!signal.aborted) await lookForWorkers();
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Puts the trial into the queue, unless it is there from an earlier start; one that had failed is tried again. */
async function add(queue: Queue<TrialJob, JobResult>, id: string, trial: Trial): Promise<void> {
  const earlier = await queue.getJob(id);
  if (earlier && (await earlier.isFailed())) await earlier.remove();
  await queue.add("trial", { version, trial }, { jobId: id });
}

/** Nothing while it runs or waits; a job that somebody has removed is handed out again by the next start. */
async function endOf(job: Job<TrialJob, JobResult> | undefined): Promise<TrialEnd | undefined> {
  if (!job) return { type: "failed", message: "It is no longer in the queue." };
  const state = await job.getState();
  if (state === "completed") return resultOf(job.returnvalue);
  return state === "failed" ? { type: "failed", message: job.failedReason } : undefined;
}

/** What is no result is not recorded, and its job is gone with it: the next start hands the trial out again. */
function resultOf(returned: unknown): TrialEnd {
  try {
    const { result, cost } = parseEnd(returned, "The queue");
    return { type: "result", result, cost };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return { type: "failed", message: error.message };
  }
}
