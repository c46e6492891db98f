import { describe, expect, it } from "vitest";
import type { Session } from "../engine/engine.ts";
import { AgreementMeter } from "./agreement.ts";

/** A meter whose float32 has the logits [image's number, 0], and how many of its sessions are open. */
function meterOf({ most, expected }: { readonly most: number; readonly expected?: number }) {
  const counts = { opened: 0, closed: 0 };
  const seen: number[] = [];
  const session = async (): Promise<Session> => {
    counts.opened++;
    return {
      buffer: () => new Float32Array(1),
      run: async ({ images = new Float32Array() }) => {
        seen.push(images[0] ?? Number.NaN);
        return { logits: Float32Array.of(images[0] ?? 0, 0) };
      },
      close: async () => {
        counts.closed++;
      },
    };
  };
  const probabilities = (logits: Float32Array) => logits;
  return { counts, seen, meter: new AgreementMeter({ session, most, expected, probabilities }) };
}

const answered =
  (numbers: readonly number[], logits: readonly number[], label?: number) => (row: number) => ({
    image: Float32Array.of(numbers[row] ?? 0),
    logits: Float32Array.from(logits),
    label,
  });

describe("AgreementMeter", () => {
  it("compares the first images where nobody knows how many come, then closes its session", async () => {
    const { meter, seen, counts } = meterOf({ most: 3 });
    expect(meter.read()).toBeUndefined();
    await meter.add(2, answered([1, -1], [0.5, 0]));
    expect(counts).toEqual({ opened: 1, closed: 0 });
    await meter.add(2, answered([2, 5], [0.5, 0]));
    expect(seen).toEqual([1, -1, 2]);
    expect(counts).toEqual({ opened: 1, closed: 1 });
    expect(meter.read()).toEqual({ images: 3, same: 2, largestDifference: 1.5 });
  });

  it("spreads what it compares over the images that are expected", async () => {
    const { meter, seen } = meterOf({ most: 3, expected: 10 });
    const numbers = Array.from({ length: 10 }, (_, at) => at + 1);
    await meter.add(10, answered(numbers, [1, 0]));
    expect(seen).toEqual([1, 4, 7]);
  });

  it("counts what each gets correct where labels are known", async () => {
    const { meter } = meterOf({ most: 4 });
    await meter.add(2, answered([1, -1], [1, 0], 0));
    expect(meter.read()).toEqual({
      ...{ images: 2, same: 1, largestDifference: 2 },
      correct: { int8: 2, fp32: 1 },
    });
    await meter.close();
  });
});
