/** The training loop: an async stream of events that ends with an adapter on disk. It does not know the model. */

import { join } from "node:path";
import type { Adapter } from "../adapter/adapter.ts";
import { writeAdapter } from "../adapter/adapter-file.ts";
import { evaluationSteps } from "../data/evaluation-steps.ts";
import { RlrrError } from "../errors.ts";
import { randomStream } from "../random.ts";
import { type Position, writeCheckpoint } from "./checkpoint.ts";
import { eventStream } from "./event-stream.ts";
import type { EpochEvent, TrainEvent } from "./events.ts";
import type { SourceBatch } from "./example-source.ts";
import { scheduleOf } from "./recipe.ts";
import { prepareRun, type Run, type TrainOptions } from "./run.ts";
import { learningRateAt } from "./schedule.ts";
import { optimizerStep } from "./step.ts";

export type { TrainOptions } from "./run.ts";

/**
 * Trains and writes the adapter into `out`. Raising `signal` saves the state and ends with `stopped`; a run that was
 * stopped or killed goes on with `resume`, to the same numbers as if it never had been.
 */
export const train = (options: TrainOptions): AsyncGenerator<TrainEvent, void, void> =>
  eventStream(async (emit, signal) => {
    const run = await prepareRun({ ...options, signal }, emit);
    try {
      await new Loop(run, { emit, signal }).run();
    } finally {
      await run.close();
    }
  }, options.signal);

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Owns the run's position; every change to it happens between two awaits, so that it can be saved at any time. */
class Loop {
  private readonly r: Run;
  private readonly emit: (event: TrainEvent) => void;
  private readonly signal: AbortSignal;
  private readonly at: Mutable<Position>;
  private readonly stepsPerEpoch: number;
  private readonly began: number;
  private savedAt = performance.now();

  constructor(run: Run, { emit, signal }: { emit: (event: TrainEvent) => void; signal: AbortSignal }) {
    this.r = run;
    this.emit = emit;
    this.signal = signal;
    this.at = { ...run.position };
    this.stepsPerEpoch = Math.ceil(run.trainExamples.length / run.recipe.batchSize);
    this.began = performance.now() - 1000 * run.position.seconds;
  }

  async run(): Promise<void> {
    this.emit(this.startEvent());
    try {
      while (!this.at.finished) await this.epoch();
    } catch (error) {
      if (!this.signal.aborted) throw error;
      await this.save();
      this.emit({ type: "stopped", step: this.at.step });
      return;
    }
    await this.save();
    const { best, step, epoch } = this.at;
    const kept =
      this.r.recipe.select === "val" && best
        ? { epoch: best.epoch, valTop1: best.top1 }
        : { epoch: epoch - 1 };
    const stoppedEarly = epoch < this.r.recipe.epochs;
    this.emit({
      type: "done",
      adapter: this.adapterPath,
      ...kept,
      step,
      seconds: this.seconds,
      stoppedEarly,
    });
  }

  private async epoch(): Promise<void> {
    const { recipe, source, trainExamples, context } = this.r;
    const began = performance.now();
    const order = randomStream(recipe.seed, "order", this.at.epoch).permutation(trainExamples.length);
    const rest = order.slice(this.at.stepInEpoch * recipe.batchSize);
    const learningRate = learningRateAt(scheduleOf(recipe), this.at.epoch);
    const batches = source.train(rest, { epoch: this.at.epoch, batchSize: context.microBatchSize });
    for await (const parts of grouped(batches, recipe.batchSize / context.microBatchSize)) {
      this.signal.throwIfAborted();
      await this.step(parts, learningRate);
    }
    await this.endEpoch(learningRate, began);
  }

  private async step(parts: readonly SourceBatch[], learningRate: number): Promise<void> {
    const { at } = this;
    const began = performance.now();
    const step = at.step + 1;
    const { loss, correct, gradientNorm, finite } = await optimizerStep(this.r.context, parts, {
      state: this.r.state,
      step,
      learningRate,
    });
    if (!finite) await this.diverged(step, { loss, learningRate });
    const images = parts.reduce((total, { count }) => total + count, 0);
    at.step = step;
    at.stepInEpoch++;
    at.lossSum += loss * images;
    at.correct += correct;
    at.seen += images;
    const numbers = { epoch: at.epoch, step, loss, learningRate, gradientNorm };
    await this.log({ type: "step", ...numbers });
    const imagesPerSecond = (1000 * images) / (performance.now() - began);
    this.emit({ type: "step", ...numbers, steps: this.steps, imagesPerSecond });
    if (performance.now() - this.savedAt > 1000 * this.r.recipe.checkpointSeconds) await this.save();
  }

  private async diverged(
    step: number,
    { loss, learningRate }: { loss: number; learningRate: number },
  ): Promise<never> {
    await this.save();
    const what = Number.isFinite(loss) ? "The gradient" : "The loss";
    throw new RlrrError(
      `${what} became NaN or infinite at step ${step} (epoch ${this.at.epoch}, learning rate ${learningRate}). The state after step ${step - 1} is kept in ${this.checkpointPath}. Try a lower --learning-rate or --clip-norm 1 in a new folder.`,
    );
  }

  private async endEpoch(learningRate: number, began: number): Promise<void> {
    const { at } = this;
    const { recipe, validator, valExamples, state } = this.r;
    const label = "validating";
    const total = valExamples.length;
    const val = await validator?.validate(state, (done) => {
      this.signal.throwIfAborted();
      this.emit({ type: "progress", label, done, total, unit: "images" });
    });
    const better =
      !val || !at.best || val.top1 > at.best.top1 || (val.top1 === at.best.top1 && val.loss < at.best.loss);
    const event: EpochEvent = {
      type: "epoch",
      ...{ epoch: at.epoch, step: at.step, learningRate, best: better },
      ...{ trainLoss: at.lossSum / at.seen, trainTop1: (100 * at.correct) / at.seen },
      ...(val ? { valLoss: val.loss, valTop1: val.top1 } : {}),
      seconds: (performance.now() - began) / 1000,
    };
    const best = val && better ? { epoch: at.epoch, top1: val.top1, loss: val.loss } : at.best;
    if (better || recipe.select === "last") await this.writeAdapter(event, best);
    const { seconds: _, ...numbers } = event;
    await this.log(numbers);
    if (best) at.best = best;
    const tired = recipe.patience > 0 && best !== undefined && at.epoch - best.epoch >= recipe.patience;
    Object.assign(at, { epoch: at.epoch + 1, stepInEpoch: 0, lossSum: 0, correct: 0, seen: 0 });
    at.finished = tired || at.epoch >= recipe.epochs;
    this.emit(event);
  }

  private async writeAdapter(event: EpochEvent, best: Position["best"]): Promise<void> {
    const { adapter, trainables, state, recipe, trainExamples, valExamples } = this.r;
    const tensors = new Map(
      trainables.map(({ name, shape }) => [
        name,
        { shape, data: state.get(name)?.parameter ?? new Float32Array() },
      ]),
    );
    const training: Adapter["training"] = {
      ...recipe,
      trainImages: trainExamples.length,
      validationImages: valExamples.length,
      keptEpoch: event.epoch,
      validationTop1: recipe.select === "val" ? best?.top1 : event.valTop1,
    };
    await writeAdapter(this.adapterPath, {
      ...adapter,
      preprocessing: evaluationSteps(adapter.preprocessing),
      training,
      tensors,
    });
    this.emit({ type: "saved", what: "adapter", path: this.adapterPath, step: this.at.step });
  }

  private async save(): Promise<void> {
    this.at.seconds = this.seconds;
    this.at.lines = this.r.folder.lines();
    await writeCheckpoint(this.checkpointPath, { position: this.at, state: this.r.state });
    this.savedAt = performance.now();
    this.emit({ type: "saved", what: "checkpoint", path: this.checkpointPath, step: this.at.step });
  }

  private log(record: object): Promise<void> {
    return this.r.folder.log(record);
  }

  private startEvent(): TrainEvent {
    const { choice, trainables, recipe, context, trainExamples, valExamples, backboneSize } = this.r;
    const count = (head: boolean) =>
      trainables.reduce(
        (total, { name, shape }) =>
          name.startsWith("head.") === head ? total + shape.reduce((a, b) => a * b, 1) : total,
        0,
      );
    return {
      type: "start",
      ...{
        method: choice.name,
        trainable: count(true) + count(false),
        headTrainable: count(true),
        backbone: backboneSize,
      },
      ...{ classes: context.classes, trainExamples: trainExamples.length, valExamples: valExamples.length },
      ...{
        epochs: recipe.epochs,
        steps: this.steps,
        microBatchSize: context.microBatchSize,
        resumedAt: this.at.step,
      },
    };
  }

  private get steps(): number {
    return this.stepsPerEpoch * this.r.recipe.epochs;
  }

  private get seconds(): number {
    return (performance.now() - this.began) / 1000;
  }

  private get adapterPath(): string {
    return join(this.r.folder.path, "adapter");
  }

  private get checkpointPath(): string {
    return join(this.r.folder.path, "checkpoint.safetensors");
  }
}

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
