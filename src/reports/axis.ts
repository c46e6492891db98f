/** The axis of a chart: which values get a tick, how they are written, and where they stand. */

export interface Axis {
  readonly ticks: readonly number[];
  /** All ticks in one notation. */
  readonly format: (value: number) => string;
  /** From 0 at the beginning to 1 at the end; values beyond an end stand on it. */
  readonly place: (value: number) => number;
}

interface LinearOptions {
  readonly low: number;
  readonly high: number;
  /** No ticks between whole numbers, and none beyond the ends. */
  readonly whole?: boolean;
}

/** Ticks at round numbers. */
export function linearAxis({ low, high, whole = false }: LinearOptions): Axis {
  const ticks = roundTicks(low, high, whole ? 1 : 0);
  const [from, to] = whole ? [low, Math.max(high, low)] : [ticks[0] ?? 0, ticks.at(-1) ?? 1];
  return {
    ticks: whole ? ticks.filter((tick) => tick >= low && tick <= high) : ticks,
    format: commonFormat(ticks),
    place: (value) => (to > from ? clamp((value - from) / (to - from)) : 0.5),
  };
}

/** Ticks at powers of ten, and at 2 and 5 times these where there are few. `low` must be above 0. */
export function logAxis({ low, high }: { readonly low: number; readonly high: number }): Axis {
  const [first, last] = [Math.floor(Math.log10(low) + 1e-9), Math.ceil(Math.log10(high) - 1e-9)];
  const decades = Math.max(1, last - first);
  const factors = decades <= 2 ? [1, 2, 5] : [1];
  const every = Math.ceil(decades / 6);
  const ticks: number[] = [];
  for (let power = first; power <= first + decades; power += every)
    for (const factor of power === first + decades ? [1] : factors)
      ticks.push(Number((factor * 10 ** power).toPrecision(12)));
  return {
    ticks,
    format: commonFormat(ticks),
    place: (value) => (value > 0 ? clamp((Math.log10(value) - first) / decades) : 0),
  };
}

const clamp = (share: number): number => Math.min(1, Math.max(0, share));

/** Round numbers (1, 2 or 5 times a power of ten apart), the first at or below `low`, the last at or above `high`. */
export function roundTicks(low: number, high: number, leastStep = 0): number[] {
  if (!Number.isFinite(low) || !Number.isFinite(high) || high <= low)
    return Number.isFinite(low) ? [low, low + 1] : [0, 1];
  const rough = Math.max((high - low) / 5, leastStep);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough * 0.999) ?? 10);
  const ticks: number[] = [];
  const start = Math.floor(low / step + 1e-9);
  // Multiples rather than sums, and rounded, so that 0.3 is not 0.30000000000000004.
  for (let i = start; (i - 1) * step < high - step * 1e-9; i++)
    ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

/** Powers of ten where some tick is below a thousandth or beyond 100,000, else plain decimals. */
function commonFormat(ticks: readonly number[]): (value: number) => string {
  const sizes = ticks.filter((tick) => tick !== 0).map(Math.abs);
  const scientific = sizes.some((size) => size < 9.99e-4 || size >= 1e5);
  if (!scientific) return (value) => value.toLocaleString("en", { maximumFractionDigits: 6 });
  return (value) => {
    if (value === 0) return "0";
    const [digits = "", power = ""] = value.toExponential().split("e");
    const mantissa = Number(Number(digits).toPrecision(3));
    return mantissa === 1 ? `10${raised(power)}` : `${mantissa}·10${raised(power)}`;
  };
}

const superscripts: Readonly<Record<string, string>> = {
  ...{ "-": "⁻", "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴" },
  ...{ "5": "⁵", "6": "⁶", "7": "⁷", "8": "⁸", "9": "⁹" },
};
export const raised = (power: string): string =>
  [...power].map((character) => superscripts[character] ?? "").join("");
