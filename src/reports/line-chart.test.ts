import { describe, expect, it } from "vitest";
import { renderLineChart } from "./line-chart.ts";

describe("renderLineChart", () => {
  const chart = { label: "Loss", xName: "epoch" };
  const draw = (ys: readonly number[], more: object = {}) =>
    renderLineChart({
      ...chart,
      ...more,
      lines: [{ name: "a<b", color: "main", points: ys.map((y, x) => ({ x, y })) }],
    }).text;

  it("spans the points, lowest at the bottom", () => {
    expect(draw([0, 1, 0.5])).toContain('d="M0.0 300.0L500.0 0.0L1000.0 150.0"');
  });

  it("leaves a gap where a value is not finite", () => {
    expect(draw([0, 1, Number.NaN, 0, 1])).toContain('d="M0.0 300.0L250.0 0.0M750.0 300.0L1000.0 0.0"');
  });

  it("takes powers of ten where asked to and values span decades", () => {
    expect(draw([100, 10, 1], { scale: "log" })).toContain('d="M0.0 0.0L500.0 150.0L1000.0 300.0"');
    expect(draw([4, 2, 1], { scale: "log" })).toContain('d="M0.0 0.0L500.0 150.0L1000.0 225.0"');
  });

  it("draws no more points than can be seen", () => {
    const text = draw(Array.from({ length: 100_000 }, (_, i) => Math.sin(i)));
    expect(text).toContain('stroke="var(--main)"');
    expect(text.length).toBeLessThan(8000);
  });

  it("survives no points, one point, and nothing finite", () => {
    for (const scale of ["linear", "log"])
      for (const ys of [[], [1], [0], [Number.NaN, Number.POSITIVE_INFINITY]])
        expect(draw(ys, { scale })).not.toMatch(/NaN|Infinity/);
  });

  it("says in words what it shows", () => {
    expect(draw([1, 2], { unit: "%" })).toContain('aria-label="Loss: a&lt;b from 1 % to 2 %"');
    expect(draw([])).toContain('aria-label="Loss: nothing yet"');
  });

  it("escapes names, and keys the lines where there are several", () => {
    expect(draw([1, 2])).toContain("<title>a&lt;b, epoch 0: 1</title>");
    expect(draw([1, 2])).not.toContain("<i ");
    const line = { name: "<i>", color: "other" as const, points: [] };
    expect(renderLineChart({ ...chart, lines: [line, line] }).text).toContain(
      '<span><i style="background:var(--other)"></i>&lt;i&gt;</span>',
    );
  });
});
