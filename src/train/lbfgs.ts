/** L-BFGS: a minimum of a smooth function from its gradients. Nocedal and Wright, Numerical Optimization, algorithm 7.5. */

/** Value and gradient at a point. */
export type Objective = (
  at: Float64Array,
) => Promise<{ readonly value: number; readonly gradient: Float64Array }>;

export interface LbfgsOptions {
  readonly iterations?: number;
  /** Ends where no number of the gradient is larger. */
  readonly tolerance?: number;
}

/** Pairs of steps and gradient changes that stand for the curvature. */
const memory = 10;
/** Sufficient decrease (Armijo), and how often a step is halved before it is given up. */
const [decrease, halvings] = [1e-4, 20];

interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  readonly curvature: number;
}

/** The point reached from `start`, never with a higher value. */
export async function minimise(
  objective: Objective,
  start: Float64Array,
  { iterations = 100, tolerance = 1e-5 }: LbfgsOptions = {},
): Promise<Float64Array> {
  const pairs: Pair[] = [];
  let at = start;
  let { value, gradient } = await objective(at);
  for (let iteration = 0; iteration < iterations; iteration++) {
    if (gradient.every((g) => Math.abs(g) <= tolerance)) break;
    const direction = descend(gradient, pairs);
    const slope = dot(direction, gradient);
    let length = pairs.length === 0 ? 1 / Math.max(1, Math.sqrt(dot(gradient, gradient))) : 1;
    let next: { at: Float64Array; value: number; gradient: Float64Array } | undefined;
    for (let halving = 0; halving < halvings && !next; halving++, length /= 2) {
      const tried = along(at, direction, length);
      const result = await objective(tried);
      if (result.value <= value + decrease * length * slope) next = { at: tried, ...result };
    }
    if (!next) break;
    const step = along(next.at, at, -1);
    const change = along(next.gradient, gradient, -1);
    const curvature = dot(step, change);
    if (curvature > 1e-12) pairs.push({ step, change, curvature });
    if (pairs.length > memory) pairs.shift();
    ({ at, value, gradient } = next);
  }
  return at;
}

/** The two-loop recursion: minus the inverse curvature times the gradient. */
function descend(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  const direction = gradient.map((g) => -g);
  const shares = pairs.toReversed().map(({ step, change, curvature }) => {
    const share = dot(step, direction) / curvature;
    addInto(direction, change, -share);
    return share;
  });
  const last = pairs.at(-1);
  const scale = last ? last.curvature / dot(last.change, last.change) : 1;
  for (let i = 0; i < direction.length; i++) direction[i] = (direction[i] as number) * scale;
  for (const { step, change, curvature } of pairs)
    addInto(direction, step, (shares.pop() as number) - dot(change, direction) / curvature);
  return direction;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** a + factor · b */
const along = (a: Float64Array, b: Float64Array, factor: number): Float64Array =>
  a.map((x, i) => x + factor * (b[i] as number));

function addInto(a: Float64Array, b: Float64Array, factor: number): void {
  for (let i = 0; i < a.length; i++) a[i] = (a[i] as number) + factor * (b[i] as number);
}
