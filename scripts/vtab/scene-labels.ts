/** Labels that VTAB makes of what is in an image, as google-research/task_adaptation does. */

/** CLEVR's images have 3 to 10 objects. */
export const clevrCount = (objects: number): number => objects - 3;

/** By the distance of the closest object: the third number of its place in pixels. */
export const clevrDistance = (distances: readonly number[]): number =>
  lastBelow([0, 8, 8.5, 9, 9.5, 10, 100], nearest(distances));

export interface KittiObject {
  /** Its place in KITTI's list of types: 0, 1 and 2 are car, van and truck. */
  readonly type: number;
  /** Metres in front of the camera. */
  readonly distance: number;
}

/** By the distance of the closest vehicle; the last class has none. */
export function kittiDistance(objects: readonly KittiObject[]): number {
  const vehicles = objects.filter(({ type }) => type < 3).map(({ distance }) => distance);
  return lastBelow([-100, 8, 20, 999], nearest([...vehicles, 1000]));
}

/** Puts neighbours of `values` labels together, so that `classes` are left. */
export const grouped = (
  label: number,
  { values, classes }: { readonly values: number; readonly classes: number },
): number => Math.floor(label / (values / classes));

const nearest = (distances: readonly number[]): number =>
  distances.reduce((least, distance) => Math.min(least, distance), Number.POSITIVE_INFINITY);

/**
 * The index of the last threshold below `value`; -1 where all are above.
 * TensorFlow compares in 32 bits: a value a little above a threshold may be rounded to it.
 */
const lastBelow = (thresholds: readonly number[], value: number): number =>
  thresholds.findLastIndex((threshold) => threshold < Math.fround(value));
