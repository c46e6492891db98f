import { describe, expect, it } from "vitest";
import { renderLineChart, roundTicks } from "./line-chart.ts";

describe("roundTicks", () => {
  it.each([
    [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [0, 0.3, [0, 0.1, 0.2, 0.3]],
    [0, 97, [0, 20, 40, 60, 80, 100]],
    [1, 40, [0, 10, 20, 30, 40]],
    [-0.5, 2, [-0.5, 0, 0.5, 1, 1.5, 2]],
    [0, 0.005, [0, 0.001, 0.002, 0.003, 0.004, 0.005]],
    [3, 3, [3, 4]],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, [0, 1]],
  ])("covers %d to %d", (low, high, ticks) => {
    expect(roundTicks(low, high)).toEqual(ticks);
  });
});

describe("renderLineChart", () => {
  const chart = { label: "Loss", xName: "epoch", yFormat: String };
  const draw = (ys: readonly number[]) =>
    renderLineChart({
      ...chart,
      lines: [{ name: "a<b", color: "main", points: ys.map((y, x) => ({ x, y })) }],
    }).text;

  it("spans the points, lowest at the bottom", () => {
    // Inside from 52 to 626 and from 232 up to 16; y from 0 to 1.
    expect(draw([0, 1, 0.5])).toContain('d="M52.0 232.0L339.0 16.0L626.0 124.0"');
  });

  it("leaves a gap where a value is not finite", () => {
    expect(draw([0, 1, Number.NaN, 0, 1])).toContain('d="M52.0 232.0L195.5 16.0M482.5 232.0L626.0 16.0"');
  });

  it("draws no more points than can be seen", () => {
    const path = /stroke="var\(--main\)"/;
    const text = draw(Array.from({ length: 100_000 }, (_, i) => Math.sin(i)));
    expect(text).toMatch(path);
    expect(text.length).toBeLessThan(8000);
  });

  it("survives no points, one point, and nothing finite", () => {
    for (const ys of [[], [1], [Number.NaN, Number.POSITIVE_INFINITY]]) {
      expect(draw(ys)).not.toMatch(/NaN|Infinity/);
    }
  });

  it("escapes names, and keys the lines where there are several", () => {
    expect(draw([1, 2])).toContain("<title>a&lt;b, epoch 0: 1</title>");
    expect(draw([1, 2])).not.toContain("legend");
    const line = { name: "<i>", color: "other" as const, points: [] };
    expect(renderLineChart({ ...chart, lines: [line, line] }).text).toContain(
      '<span><i style="background:var(--other)"></i>&lt;i&gt;</span>',
    );
  });
});
