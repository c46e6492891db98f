/** Records the events of training: metrics, the best adapter, the checkpoint, a report page and a table of steps. */

import { RlrrError } from "../errors.ts";
import { firstNotFinite, stepsDone } from "../train/epochs.ts";
import type {
  FitContinuedEvent,
  FitEpochEvent,
  FitEvent,
  FitFoldEvent,
  FitProbeEvent,
  FitStartEvent,
  FitState,
  FitStepEvent,
} from "../train/fit-events.ts";
import { writeCheckpoint } from "./checkpoint.ts";
import { doneEvent } from "./done-event.ts";
import type { TrainEvent } from "./events.ts";
import { type MetricsFile, openMetricsFile } from "./metrics-file.ts";
import type { PreparedRun } from "./prepare-run.ts";
import type { RunConfig } from "./run-config.ts";
import { epochFolder } from "./run-folder.ts";
import { type LoggedFacts, openTensorboardLog, type TensorboardLog } from "./tensorboard-log.ts";
import { validatedOn } from "./validated-on.ts";
import { type EpochResult, type EpochState, writeRunAdapter } from "./write-run-adapter.ts";
import { writeRunReport } from "./write-run-report.ts";
import { writeStepsCsv } from "./write-steps-csv.ts";

/** Saving may take this share of the time: a large state on a slow disk is saved less often. */
const savingShare = 0.1;

type Events = AsyncGenerator<TrainEvent, void, void>;

/** Owns the run's files while it trains. Close it when done. */
export class Recorder {
  private readonly run: PreparedRun;
  private readonly began: number;
  private metrics: MetricsFile | undefined;
  private tensorboard: TensorboardLog | undefined;
  /** The state that all files agree with; none while they are being written. */
  private state: FitState | undefined;
  private saved = { step: 0, at: performance.now(), tookMs: 0 };

  constructor(run: PreparedRun) {
    this.run = run;
    this.began = run.began - 1000 * (run.resumed?.position.seconds ?? 0);
  }

  /** Records one event, and passes it on without its state. */
  async *record(event: FitEvent): Events {
    switch (event.type) {
      case "progress":
      case "estimate":
        return yield event;
      case "start":
        return yield* this.start(event);
      case "probe":
      case "continued":
        return yield* this.begin(event);
      case "step":
        return yield* this.step(event);
      case "epoch":
        return yield* this.epoch(event);
      case "fold":
        return yield* this.fold(event);
      case "done":
        yield* this.end();
        yield doneEvent(this.run, {
          ...event,
          validated: validatedOn(this.run, this.run.splits),
          ...{ step: stepsDone(event.state.position), seconds: this.seconds() },
        });
    }
  }

  /** Saves the state and renews the report, if anything has changed since. */
  async *end(): Events {
    yield* this.save();
    yield* this.report();
  }

  /** The step of the last saved state. */
  get savedStep(): number {
    return this.saved.step;
  }

  /** The current step; undefined before the first event. */
  get standsAt(): number | undefined {
    return this.state && stepsDone(this.state.position);
  }

  async close(): Promise<void> {
    await this.metrics?.close();
    await this.tensorboard?.close();
  }

  private async *start({ state, ...facts }: FitStartEvent): Events {
    const { folder, config, files, resumed, recipe, options } = this.run;
    const { microBatchSize, recompute } = facts;
    const settled = { microBatchSize, ...(recompute && { recompute }), files };
    await folder.writeConfig({ ...config, settled } satisfies RunConfig);
    this.metrics = await openMetricsFile(folder.paths.metrics, { keep: resumed?.position.lines ?? 0 });
    this.saved.step = stepsDone(state.position);
    // A probe is at step 0.
    const from = resumed ? this.saved.step + 1 : 0;
    if (options.tensorboard) this.tensorboard = await openTensorboardLog(folder.paths.tensorboard, { from });
    // Before the start is made and validated there is no state to continue from: a run that ends here begins anew.
    const awaitsStart = !resumed && (recipe.start !== "zero" || options.continued !== undefined);
    if (!awaitsStart) this.state = state;
    yield facts;
    // A disk that is too small for the state is found now; and there always is a state to fall back on.
    if (!resumed) yield* this.save();
  }

  /** A probe, the model's own head, or what training continues from: the first to be kept. */
  private async *begin({ state, sample, ...facts }: FitProbeEvent | FitContinuedEvent): Events {
    this.state = undefined;
    const { valTop1 } = facts;
    const kept = { epoch: -1, step: 0, ...(valTop1 === undefined ? {} : { valTop1 }) };
    yield* this.writeAdapter(kept, { state, sample });
    yield* this.keepEpoch(kept, { state, sample });
    const { seconds: _, ...numbers } = facts;
    await this.append(numbers, { state, facts });
    yield facts;
    yield* this.save();
  }

  private async *step({ state, ...facts }: FitStepEvent): Events {
    const { steps: _, imagesPerSecond: __, ...numbers } = facts;
    await this.append(numbers, { state, facts });
    yield facts;
    if (this.isTimeToSave()) yield* this.save();
  }

  private async *epoch({ state, sample, ...facts }: FitEpochEvent): Events {
    this.state = undefined;
    const isKept = facts.best || this.run.recipe.select === "last";
    // What a fold learns only tells when to end.
    if (isKept && facts.fold === undefined) yield* this.writeAdapter(facts, { state, sample });
    if (facts.fold === undefined) yield* this.keepEpoch(facts, { state, sample });
    const { seconds: _, waitSeconds: __, ...numbers } = facts;
    await this.append(numbers, { state, facts });
    yield facts;
  }

  private async *fold({ state, ...facts }: FitFoldEvent): Events {
    const { seconds: _, ...numbers } = facts;
    await this.append(numbers, { state, facts });
    yield facts;
  }

  private async append(
    numbers: object,
    { state, facts }: { readonly state: FitState; readonly facts: LoggedFacts },
  ): Promise<void> {
    this.state = undefined;
    await this.metrics?.append(numbers);
    await this.tensorboard?.append(facts);
    this.state = state;
  }

  /** Its adapter beside those of the other epochs, where all are wanted. */
  private async *keepEpoch(facts: EpochResult, made: EpochState): Events {
    const { options, folder } = this.run;
    if (options.keepEpochs)
      yield* this.writeAdapter(facts, made, epochFolder(folder.paths.epochs, facts.epoch + 1));
  }

  private async *writeAdapter(
    kept: EpochResult,
    made: EpochState,
    path = this.run.folder.paths.adapter,
  ): Events {
    await writeRunAdapter(this.run, { path, kept, made });
    yield { type: "saved", what: "adapter", path, step: kept.step };
  }

  private isTimeToSave(): boolean {
    const { checkpointSeconds } = this.run.recipe;
    const sinceMs = performance.now() - this.saved.at;
    return (
      checkpointSeconds === 0 || sinceMs > Math.max(1000 * checkpointSeconds, this.saved.tookMs / savingShare)
    );
  }

  private seconds(): number {
    return (performance.now() - this.began) / 1000;
  }

  private async *save(): Events {
    const { state, metrics, run } = this;
    // A state with a NaN is not good, even where the loss is a number.
    if (!state || !metrics || firstNotFinite(state.parameters) !== undefined) return;
    const began = performance.now();
    const position = { ...state.position, lines: metrics.lines(), seconds: this.seconds() };
    await metrics.sync();
    const path = run.folder.paths.checkpoint;
    await writeCheckpoint(path, { position, state: state.parameters });
    const now = performance.now();
    const step = stepsDone(position);
    this.saved = { step, at: now, tookMs: now - began };
    yield { type: "saved", what: "checkpoint", path, step };
  }

  /** A report that cannot be written is only a note: the run matters more. */
  private async *report(): Events {
    const { splits } = this.run;
    yield* writeReport({ ...this.run, trainExamples: splits.train, valExamples: splits.val });
  }
}

/** Writes the page of a run and the table of its steps, or says why they cannot be written. */
export async function* writeReport(run: Parameters<typeof writeRunReport>[0]): Events {
  try {
    await writeRunReport(run);
    await writeStepsCsv(run.folder);
  } catch (error) {
    if (!(error instanceof RlrrError)) throw error;
    yield { type: "note", message: error.message };
  }
}
