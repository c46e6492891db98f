/** A worker: takes trials of any study from a queue, and runs them in processes of this machine. */

import type { Job, Worker } from "bullmq";
import { InputError } from "../errors.ts";
import { checkCounts } from "../files/check-count.ts";
import { checkOptions, type KnownOptions } from "../files/check-options.ts";
import { eventStream } from "../runs/event-stream.ts";
import { connectQueue, type QueueConnection, queueName, type TrialJob } from "./queue-connection.ts";
import type { JobResult } from "./queue-trials.ts";
import { storeAt } from "./store-place.ts";
import type { Trial } from "./trial.ts";
import { trialOf } from "./trial-job.ts";
import { type TrialEnd, TrialWorker } from "./trial-worker.ts";

export interface WorkOptions {
  /** redis://HOST:PORT of a Valkey or Redis server, as the study was given. */
  readonly queue: string;
  /** Trials side by side. */
  readonly processes?: number | undefined;
  /** Whether to end once no trial is left, or none came in the first minute, instead of waiting for more. */
  readonly untilEmpty?: boolean | undefined;
  /** Where it is raised, running trials save their states and go back to the queue. */
  readonly signal?: AbortSignal | undefined;
}

const known: KnownOptions<WorkOptions> = { queue: true, processes: true, untilEmpty: true, signal: true };

/** What a worker does, one after the other; `trial` is its name, `data` the path of its images. */
export type WorkEvent =
  | { readonly type: "ready"; readonly queue: string; readonly processes: number }
  | { readonly type: "taken"; readonly trial: string; readonly data: string; readonly method: string }
  /** It goes on from the last state that another worker, or this one, had saved. */
  | { readonly type: "resumed"; readonly trial: string; readonly step: number }
  | { readonly type: "done"; readonly trial: string; readonly seconds: number }
  | { readonly type: "given-back"; readonly trial: string }
  | { readonly type: "failed"; readonly trial: string; readonly message: string };

/** Runs trials until the signal is raised or, with `untilEmpty`, none is left. */
export async function* work(options: WorkOptions): AsyncGenerator<WorkEvent, void, void> {
  checkOptions(options, { verb: "work", known });
  const { queue: address, processes = 1, untilEmpty = false, signal } = options;
  if (typeof address !== "string") throw new InputError((show) => `work: ${show("queue")} is missing.`);
  checkCounts({ processes });
  const connection = await connectQueue(address);
  yield { type: "ready", queue: connection.shown, processes };
  yield* eventStream<WorkEvent>(
    (emit, stopping) => serve(connection, { processes, untilEmpty, signal: stopping, emit }),
    signal,
  );
}

interface Serving {
  readonly processes: number;
  readonly untilEmpty: boolean;
  readonly signal: AbortSignal;
  readonly emit: (event: WorkEvent) => void;
}

/** Ends the worker: on this machine something is wrong that its user must put right. */
type GiveUp = (error: InputError) => void;

/** A worker that has not been heard of for so long is taken for dead, and its trials go to others. */
const lockMs = 15_000;
const stalledMs = 5000;
/** Before a trial is tried again whose folder another process still holds. */
const heldMs = 5000;
const emptyMs = 1000;
/** Between the last trial that chooses and the first that tests, the queue is empty for a moment. */
const emptyLooks = 10;
/** A worker may be started before the study that hands trials out. */
const firstLooks = 60;

async function serve(connection: QueueConnection, serving: Serving): Promise<void> {
  const { bullmq, options } = connection;
  const { processes, untilEmpty, signal } = serving;
  const idle: TrialWorker[] = [];
  /** By the job that it runs. */
  const busy = new Map<string | undefined, TrialWorker>();
  let refusal: InputError | undefined;
  let giveUp: GiveUp = () => {};
  const worker: Worker<TrialJob, JobResult> = new bullmq.Worker(
    queueName,
    async (job: Job<TrialJob, JobResult>, token?: string) => {
      const ready = idle.pop();
      const child = ready && !ready.isSpent ? ready : new TrialWorker();
      busy.set(job.id, child);
      try {
        return await runJob(job, { child, token, connection, serving, giveUp: (error) => giveUp(error) });
      } finally {
        busy.delete(job.id);
        if (child.isSpent) void child.close();
        else idle.push(child);
      }
    },
    {
      ...options,
      concurrency: processes,
      lockDuration: lockMs,
      stalledInterval: stalledMs,
      // A killed worker loses the steps since the last checkpoint, however often that happens.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
    },
  );
  // A broken connection is taken up again, and a failed job is told of where it runs.
  worker.on("error", () => {});
  // Others take such a job by now; this one saves its state and leaves the folder to them.
  worker.on("lockRenewalFailed", (ids: readonly string[]) => {
    for (const id of ids) busy.get(id)?.stop();
  });
  try {
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
      if (signal.aborted) resolve();
      giveUp = (error) => {
        refusal = error;
        resolve();
      };
      if (untilEmpty) void whenEmpty(connection, signal).then(resolve, resolve);
    });
    for (const child of busy.values()) child.stop();
  } finally {
    await worker.close();
    await Promise.all(idle.map((child) => child.close()));
  }
  if (refusal) throw refusal;
}

interface Running {
  readonly child: TrialWorker;
  readonly token: string | undefined;
  readonly connection: QueueConnection;
  readonly serving: Serving;
  readonly giveUp: GiveUp;
}

async function runJob(job: Job<TrialJob, JobResult>, running: Running): Promise<JobResult> {
  const { child, token, connection, serving } = running;
  const { bullmq } = connection;
  const { emit, signal } = serving;
  const trial = trialOf(job, bullmq.UnrecoverableError);
  const { name } = trial;
  const isReachable = await reachStore(trial, running);
  if (!isReachable) {
    await job.moveToDelayed(Date.now() + heldMs, token);
    throw new bullmq.DelayedError();
  }
  emit({ type: "taken", trial: name, data: trial.dataPath, method: trial.content.method.name });
  const end = await new Promise<TrialEnd | undefined>((resolve) => {
    const onProgress = (_: Trial, share: number) => void job.updateProgress(share).catch(() => {});
    const onResumed = (step: number) => emit({ type: "resumed", trial: name, step });
    child.run(trial, { onProgress, onResumed, onEnd: resolve });
    if (signal.aborted) child.stop();
  });
  if (end === undefined) {
    emit({ type: "given-back", trial: name });
    // Where its lock was lost it is another's already.
    await job.moveToWait(token).catch(() => {});
    throw new bullmq.WaitingError();
  }
  if (end.type === "failed" && end.isLocked) {
    await job.moveToDelayed(Date.now() + heldMs, token);
    throw new bullmq.DelayedError();
  }
  if (end.type === "failed") {
    emit({ type: "failed", trial: name, message: end.message });
    throw new Error(end.message);
  }
  const { result, cost } = end;
  emit({ type: "done", trial: name, seconds: cost.seconds });
  return { result, cost };
}

/** Whether the trial's store, where it has one, can be reached from here; where not, another worker may. */
async function reachStore({ name, store }: Trial, { serving, giveUp }: Running): Promise<boolean> {
  try {
    if (store) await storeAt(store.address);
    return true;
  } catch (error) {
    if (error instanceof InputError) giveUp(error);
    const message = error instanceof Error ? error.message : String(error);
    serving.emit({ type: "failed", trial: name, message });
    return false;
  }
}

/** Resolves once the queue has become empty, or stayed so for its first minute, or the signal is raised. */
async function whenEmpty({ bullmq, options }: QueueConnection, signal: AbortSignal): Promise<void> {
  const queue = new bullmq.Queue(queueName, options);
  queue.on("error", () => {});
  try {
    let [empty, enough] = [0, firstLooks];
    while (!signal.aborted && empty < enough) {
      const counts = await queue.getJobCounts("waiting", "active", "delayed", "prioritized");
      const isEmpty = Object.values(counts).every((count) => count === 0);
      [empty, enough] = isEmpty ? [empty + 1, enough] : [0, emptyLooks];
      await new Promise((resolve) => setTimeout(resolve, emptyMs));
    }
  } finally {
    await queue.close();
  }
}
