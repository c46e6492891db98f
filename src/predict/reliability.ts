/** How far a model's probabilities can be trusted on labelled images: calibration, and how many images are kept. */

import type { Adapter } from "../adapter/adapter.ts";
import { type Calibration, openCalibrationMeter } from "../calibration/measure.ts";
import { isUnknown } from "../calibration/unknown.ts";
import type { Predictions } from "./metrics.ts";

export interface Reliability {
  /** Of the probabilities as they are given. */
  readonly calibration: Calibration;
  /** Of the same images without the adapter's temperature; absent where it has none. */
  readonly uncalibrated?: Calibration;
  readonly temperature?: number;
  /** How many images are not taken for none of the classes; absent where the adapter has no threshold. */
  readonly known?: { readonly images: number; readonly threshold: number };
}

interface ReliabilityMeter {
  /** Logits [examples, classes] and labels; rows that are not finite are left out. */
  readonly add: (logits: Predictions["logits"], labels: readonly number[]) => void;
  readonly measure: () => Reliability;
}

/** The logits that come in are calibrated already. */
export function openReliability(
  adapter: Pick<Adapter, "calibration" | "unknown"> | undefined,
): ReliabilityMeter {
  const { calibration, unknown } = adapter ?? {};
  const given = openCalibrationMeter();
  const raw = calibration && openCalibrationMeter(1 / calibration.temperature);
  let images = 0;
  return {
    add: (logits, labels) => {
      const classes = logits.length / labels.length;
      for (const [example, label] of labels.entries()) {
        const row = logits.subarray(example * classes, (example + 1) * classes);
        if (!row.every(Number.isFinite)) continue;
        const highest = given.add(row, label);
        raw?.add(row, label);
        if (unknown && !isUnknown(unknown, highest)) images++;
      }
    },
    measure: () => ({
      calibration: given.measure(),
      ...(raw && calibration && { uncalibrated: raw.measure(), temperature: calibration.temperature }),
      ...(unknown && { known: { images, threshold: unknown.threshold } }),
    }),
  };
}
