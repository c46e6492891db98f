import { describe, expect, it } from "vitest";
import { cellsOf } from "../../test/study-cells.ts";
import { planStudy } from "./plan-study.ts";
import { measureProgress, workOf } from "./study-progress.ts";
import type { Trial, TrialRecord } from "./trial.ts";

const plan = planStudy({
  data: [{ path: "a" }, { path: "b" }],
  methods: [
    { name: "linear" },
    { name: "rlrr", label: "short", recipe: { name: "default" } },
    { name: "rlrr", label: "long", recipe: { name: "official" }, tune: { learningRate: [1e-3, 1e-2] } },
    { name: "lora", recipe: { epochs: 9 } },
  ],
  seeds: 2,
});
const images = { train: 800, val: 200, test: 50 };
const cells = cellsOf(plan);
const sizes = (classes: number) => new Map(plan.data.map(({ name }) => [name, { images, classes }]));
const work = workOf(cells, sizes(10));
const [linear, short, long, lora] = cells;
const trials = 2 * (3 + 3 + 4 + 3);

/** Done in so many seconds; a trial's result tells nothing of progress. */
function record({ name, content }: Trial, seconds: number): [string, TrialRecord] {
  const result = {
    epochScores: { last: { epoch: 0, top1: 1, loss: 1 } },
  } as unknown as TrialRecord["result"];
  return [name, { type: "trial", name, content, result, cost: { seconds, peakBytes: 1 } }];
}

const measure = (done: readonly [string, TrialRecord][], shares: Record<string, number> = {}) =>
  measureProgress(
    { cells, work, results: { records: new Map(done) }, processes: 1, trials },
    new Map(Object.entries(shares).map(([name, share]) => [name, { share }])),
  );

describe("the work of a trial", () => {
  it("is its images, once and once more for each epoch, which may follow from the data", () => {
    const own = (cell: (typeof cells)[number] | undefined) => [
      work.get(cell?.tuning[0]?.[0]?.name ?? ""),
      work.get(cell?.final[0]?.[1]?.name ?? ""),
    ];
    expect(own(linear)).toEqual([800, 1000]);
    expect(own(short)).toEqual([800 * 7, 1000 * 7]);
    expect(own(long)).toEqual([800 * 101, 1000 * 101]);
    expect(own(lora)).toEqual([800 * 10, 1000 * 10]);
    const ofMany = workOf(cells, sizes(100));
    expect(ofMany.get(short?.tuning[0]?.[0]?.name ?? "")).toBe(800 * 21);
    expect(ofMany.get(lora?.tuning[0]?.[0]?.name ?? "")).toBe(800 * 10);
  });
});

describe("progress", () => {
  const all = 2 * (2800 + 7 * 2800 + 101 * 3600 + 10 * 2800);
  const first = short?.tuning[0]?.[0] as Trial;

  it("weighs trials by their work", () => {
    const running = long?.tuning[0]?.[0] as Trial;
    const progress = measure([record(first, 56)], { [running.name]: 0.5 });
    expect(progress).toMatchObject({ done: 1, trials, running: 0.5 });
    expect(progress.share).toBeCloseTo((5600 + 0.5 * 80_800) / all, 12);
    // A hundredth of a second for each image of any method, as nothing else is known.
    expect(progress.secondsLeft).toBeCloseTo((all - 5600 - 0.5 * 80_800) / 100, 6);
  });

  it("goes by the same row, then by the same method, then by all", () => {
    const [slow] = lora?.tuning.flat() ?? [];
    const [quick] = long?.tuning.flat() ?? [];
    const rows = measure([record(first, 56), record(slow as Trial, 800), record(quick as Trial, 80.8)]);
    const perImage = { short: 0.01, long: 0.001, lora: 0.1, linear: 936.8 / (13_600 + 80_800) };
    const left = {
      ...{ short: 2 * 7 * 2800 - 5600, long: 2 * 101 * 3600 - 80_800 },
      ...{ lora: 2 * 10 * 2800 - 8000, linear: 2 * 2800 },
    };
    const names = ["short", "long", "lora", "linear"] as const;
    expect(rows.secondsLeft).toBeCloseTo(
      names.reduce((sum, name) => sum + left[name] * perImage[name], 0),
      6,
    );
    // Nothing is known of the row, but of its method.
    const method = measure([record(first, 56), record(slow as Trial, 800)]);
    expect(method.secondsLeft).toBeCloseTo(
      (left.short + 2 * 101 * 3600) * 0.01 + left.lora * 0.1 + left.linear * (856 / 13_600),
      6,
    );
  });

  it("counts no trial of a setting that is not chosen yet", () => {
    const early = long?.final[0]?.[0] as Trial;
    expect(measure([record(early, 10)])).toMatchObject({ done: 0, share: 0 });
  });

  it("tells no time before anything is done, and is whole at the end", () => {
    expect(measure([]).secondsLeft).toBeUndefined();
    const every = cells.flatMap(({ tuning, final }) =>
      [...tuning.flat(), ...(final[0] ?? [])].map((trial) => record(trial, 1)),
    );
    expect(measure(every)).toMatchObject({ done: trials, share: 1, secondsLeft: 0 });
  });
});
