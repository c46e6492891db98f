/** The training loop: steps, epochs, validation, the best adapter kept, the state saved. It does not know the model. */

import type { Adapter } from "../adapter/adapter.ts";
import { writeAdapter } from "../adapter/adapter-file.ts";
import { RlrrError } from "../errors.ts";
import { evaluationSteps } from "../preprocessing/step-list.ts";
import { randomStream } from "../random.ts";
import { type Position, writeCheckpoint } from "./checkpoint.ts";
import type { EpochEvent, TrainEvent } from "./events.ts";
import type { SourceBatch } from "./example-source.ts";
import { scheduleOf } from "./recipe.ts";
import type { Run } from "./run.ts";
import { doneEvent, startEvent } from "./run-events.ts";
import { learningRateAt } from "./schedule.ts";
import { optimizerStep } from "./step.ts";
import { writeRunReport } from "./write-run-report.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Saving may take this share of the time: a large state on a slow disk is saved less often. */
const savingShare = 0.1;

/** Owns the run's position; every change to it happens between two awaits, so that it can be saved at any time. */
export class Loop {
  private readonly r: Run;
  private readonly emit: (event: TrainEvent) => void;
  private readonly signal: AbortSignal;
  private readonly at: Mutable<Position>;
  private readonly began: number;
  private saved = { step: 0, at: performance.now(), tookMs: 0 };

  constructor(run: Run, { emit, signal }: { emit: (event: TrainEvent) => void; signal: AbortSignal }) {
    this.r = run;
    this.emit = emit;
    this.signal = signal;
    this.at = { ...run.position };
    this.began = run.began - 1000 * run.position.seconds;
    this.saved.step = run.position.step;
  }

  async run(): Promise<void> {
    this.emit(startEvent(this.r));
    // A disk that is too small for the state is found now; and there always is a state to fall back on.
    if (!this.r.resumed) await this.save();
    try {
      while (!this.at.finished) await this.epoch();
    } catch (error) {
      if (!this.signal.aborted || error !== this.signal.reason) throw error;
      await this.save();
      await this.report();
      this.emit({ type: "stopped", step: this.at.step });
      return;
    }
    await this.save();
    await this.report();
    this.emit(doneEvent(this.r, this.at));
  }

  private async epoch(): Promise<void> {
    const { recipe, source, trainExamples, context } = this.r;
    const began = performance.now();
    const order = randomStream(recipe.seed, "order", this.at.epoch).permutation(trainExamples.length);
    const rest = order.slice(this.at.stepInEpoch * recipe.batchSize);
    const learningRate = learningRateAt(scheduleOf(recipe), this.at.epoch);
    const cut = { batchSize: context.microBatchSize, groupSize: recipe.batchSize };
    const batches = source.train(rest, { epoch: this.at.epoch, ...cut });
    for await (const parts of grouped(batches, Math.ceil(recipe.batchSize / context.microBatchSize))) {
      this.signal.throwIfAborted();
      await this.step(parts, learningRate);
    }
    await this.endEpoch(learningRate, began);
  }

  private async step(parts: readonly SourceBatch[], learningRate: number): Promise<void> {
    const { at } = this;
    const began = performance.now();
    const step = at.step + 1;
    const { state, context, metrics } = this.r;
    const { loss, correct, gradientNorm, finite } = await optimizerStep(context, parts, {
      state,
      step,
      learningRate,
    });
    if (!finite) await this.diverged(Number.isFinite(loss) ? "The gradient" : "The loss", step);
    const images = parts.reduce((total, { count }) => total + count, 0);
    at.step = step;
    at.stepInEpoch++;
    at.lossSum += loss * images;
    at.correct += correct;
    at.seen += images;
    const numbers = { epoch: at.epoch, step, loss, learningRate, gradientNorm };
    await metrics.append({ type: "step", ...numbers });
    const imagesPerSecond = (1000 * images) / (performance.now() - began);
    this.emit({ type: "step", ...numbers, steps: this.steps, imagesPerSecond });
    if (this.isTimeToSave()) await this.save();
  }

  /** Gives up. The state is not saved: one that leads here is not good, even where all its numbers are numbers. */
  private async diverged(what: string, step: number): Promise<never> {
    await this.report();
    const rate = learningRateAt(scheduleOf(this.r.recipe), this.at.epoch);
    throw new RlrrError(
      `${what} became NaN or infinite at step ${step} (epoch ${this.at.epoch + 1}, learning rate ${rate}). The last good state, after step ${this.saved.step}, is kept in ${this.r.folder.paths.checkpoint}. Try a lower --learning-rate or --clip-norm 1 in a new folder.`,
    );
  }

  /** Nothing that is no number is ever written down as learned. */
  private async checkFinite(): Promise<void> {
    const broken = [...this.r.state].find(([, { parameter }]) => !allNumbers(parameter));
    if (broken) await this.diverged(`A number of "${broken[0]}"`, this.at.step);
  }

  private async endEpoch(learningRate: number, began: number): Promise<void> {
    const { at } = this;
    const { recipe, metrics } = this.r;
    const val = await this.validate();
    if (val && !Number.isFinite(val.loss)) await this.diverged("The loss on validation images", at.step);
    await this.checkFinite();
    const better = val !== undefined && isBetter(val, at.best);
    const event: EpochEvent = {
      type: "epoch",
      ...{ epoch: at.epoch, step: at.step, learningRate, best: better },
      ...{ trainLoss: at.lossSum / at.seen, trainTop1: (100 * at.correct) / at.seen },
      ...(val ? { valLoss: val.loss, valTop1: val.top1 } : {}),
      seconds: (performance.now() - began) / 1000,
    };
    const best = better ? { epoch: at.epoch, top1: val.top1, loss: val.loss } : at.best;
    if (better || recipe.select === "last") await this.writeAdapter(event);
    const { seconds: _, ...numbers } = event;
    await metrics.append(numbers);
    const tired = recipe.patience > 0 && best !== undefined && at.epoch - best.epoch >= recipe.patience;
    Object.assign(at, { epoch: at.epoch + 1, stepInEpoch: 0, lossSum: 0, correct: 0, seen: 0 });
    if (best) at.best = best;
    at.finished = tired || at.epoch >= recipe.epochs;
    this.emit(event);
  }

  private async validate(): Promise<{ loss: number; top1: number } | undefined> {
    const { validator, valExamples, state } = this.r;
    const common = {
      type: "progress",
      label: "validating",
      unit: "images",
      total: valExamples.length,
    } as const;
    return validator?.validate(state, (done) => {
      this.signal.throwIfAborted();
      this.emit({ ...common, done });
    });
  }

  private async writeAdapter({ epoch, valTop1 }: EpochEvent): Promise<void> {
    const { adapter, trainables, state, recipe, trainExamples, valExamples, folder } = this.r;
    const tensors = new Map(
      trainables.map(({ name, shape }) => {
        const data = state.get(name)?.parameter ?? new Float32Array();
        return [name, { shape, data }];
      }),
    );
    const training: Adapter["training"] = {
      ...recipe,
      trainImages: trainExamples.length,
      validationImages: valExamples.length,
      keptEpoch: epoch,
      validationTop1: valTop1,
    };
    const preprocessing = evaluationSteps(adapter.preprocessing);
    await writeAdapter(folder.paths.adapter, { ...adapter, preprocessing, training, tensors });
    this.emit({ type: "saved", what: "adapter", path: folder.paths.adapter, step: this.at.step });
  }

  private isTimeToSave(): boolean {
    const { checkpointSeconds } = this.r.recipe;
    const sinceMs = performance.now() - this.saved.at;
    return (
      checkpointSeconds === 0 || sinceMs > Math.max(1000 * checkpointSeconds, this.saved.tookMs / savingShare)
    );
  }

  private async save(): Promise<void> {
    const { folder, metrics, state } = this.r;
    const began = performance.now();
    await this.checkFinite();
    this.at.seconds = (began - this.began) / 1000;
    this.at.lines = metrics.lines();
    await metrics.sync();
    await writeCheckpoint(folder.paths.checkpoint, { position: this.at, state });
    const now = performance.now();
    this.saved = { step: this.at.step, at: now, tookMs: now - began };
    this.emit({ type: "saved", what: "checkpoint", path: folder.paths.checkpoint, step: this.at.step });
  }

  /** The run is worth more than its page: one that cannot be written is only told of. */
  private async report(): Promise<void> {
    await writeRunReport(this.r).catch((error: unknown) => {
      if (!(error instanceof RlrrError)) throw error;
      this.emit({ type: "note", message: error.message });
    });
  }

  private get steps(): number {
    return this.r.stepsPerEpoch * this.r.recipe.epochs;
  }
}

/** Whether all are numbers: 0 times any other is NaN. A plain loop, for the 86 million of a whole backbone. */
function allNumbers(numbers: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) sum += 0 * (numbers[i] as number);
  return sum === 0;
}

/** More images right, or as many with a lower loss. */
const isBetter = (val: { readonly top1: number; readonly loss: number }, best: Position["best"]): boolean =>
  !best || val.top1 > best.top1 || (val.top1 === best.top1 && val.loss < best.loss);

/** Runs of `size` batches; the last may be shorter. */
async function* grouped<T>(source: AsyncIterable<T>, size: number): AsyncGenerator<T[], void, void> {
  let group: T[] = [];
  for await (const item of source) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
