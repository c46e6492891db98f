/** How long training will take, judged by its first steps: they are timed from one to the next, with all that lies between. */

import type { EstimateFacts, FitEvent } from "./fit-events.ts";

/** Steps that are timed, after the first, which is slow: memory is allocated and images are decoded. */
const timed = 3;

/** The work of a run. */
export interface Work {
  readonly epochs: number;
  readonly folds: number;
  /** Training images. */
  readonly images: number;
  /** Images that are validated in all, for each step. */
  readonly validatedPerStep: number;
  /** Multiplications of a validation image, as a share of those of a training image. */
  readonly validationShare: number;
}

type Events = AsyncGenerator<FitEvent, void, void>;

/** The same events, and once, when enough steps were timed, how long the rest will take. */
export async function* withEstimate(
  events: Events,
  work: Work,
  now: () => number = () => performance.now(),
): Events {
  const samples: { readonly seconds: number; readonly images: number }[] = [];
  let last: number | undefined;
  let seen = 0;
  for await (const event of events) {
    if (event.type !== "step") {
      yield event;
      // What lies before is no part of the next step.
      if (last !== undefined) last = now();
      continue;
    }
    const at = now();
    const { seen: sofar } = event.state.position;
    const images = sofar > seen ? sofar - seen : sofar;
    if (last !== undefined) samples.push({ seconds: (at - last) / 1000, images });
    [last, seen] = [at, sofar];
    yield event;
    if (samples.length === timed) yield { type: "estimate", ...estimate(samples, work, event) };
  }
}

function estimate(
  samples: readonly { readonly seconds: number; readonly images: number }[],
  { epochs, folds, images, validatedPerStep, validationShare }: Work,
  { step, steps }: { readonly step: number; readonly steps: number },
): EstimateFacts {
  const perStep = median(samples.map(({ seconds }) => seconds));
  const perImage = median(samples.map(({ seconds, images }) => seconds / images));
  const seconds = (steps - step) * (perStep + validatedPerStep * validationShare * perImage);
  return { seconds, epochs, folds, images, imagesPerSecond: 1 / perImage, measuredOn: "steps" };
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

/** The whole run by the pace of its first features, each of which is a prediction without a head. */
export function estimateByFeatures(
  { epochs, folds, images, validated, trained }: FeatureWork,
  { perFeature, left, stepShare }: FeaturePace,
): EstimateFacts {
  const perImage = perFeature * stepShare;
  // Where only the head trains, on features, the rest takes next to nothing.
  const rest = stepShare > 0 ? trained * perImage + validated * perFeature : 0;
  const imagesPerSecond = perImage > 0 ? 1 / perImage : 0;
  const seconds = left * perFeature + rest;
  return { seconds, epochs, folds, images, imagesPerSecond, measuredOn: "features" };
}

interface FeatureWork extends Pick<Work, "epochs" | "folds" | "images"> {
  /** Images that are trained on and validated in all, each as often as it is. */
  readonly trained: number;
  readonly validated: number;
}

interface FeaturePace {
  /** Seconds. */
  readonly perFeature: number;
  /** Features that are not computed yet. */
  readonly left: number;
  /** Multiplications of a training step's image beside those of a feature; 0 where training is on features. */
  readonly stepShare: number;
}
