/** Choices that a drawing makes from its own seeded stream: a number in a range, one of a list, a colour. */

import type { randomStream } from "../../src/random.ts";

export type Random = ReturnType<typeof randomStream>;

/** A hue in degrees, saturation and lightness in percent. */
export interface Colour {
  readonly hue: number;
  readonly saturation: number;
  readonly lightness: number;
}

/** A number between `low` and `high`, evenly. */
export function between(random: Random, [low, high]: readonly [number, number]): number {
  return low + (high - low) * random.next();
}

/** True with the given probability. */
export function chance(random: Random, probability: number): boolean {
  return random.next() < probability;
}

/** One of a list. */
export function oneOf<T>(random: Random, items: readonly T[]): T {
  const item = items[random.int(items.length)];
  if (item === undefined) throw new Error("internal: a choice from an empty list");
  return item;
}

/** Any colour, from grey to vivid. */
export function anyColour(random: Random): Colour {
  return {
    hue: random.next() * 360,
    saturation: 10 + random.next() * 85,
    lightness: 8 + random.next() * 84,
  };
}

/** Any colour that stands out from `ground` by at least `difference` points of lightness. */
export function colourAgainst(
  random: Random,
  { ground, difference }: { ground: Colour; difference: number },
): Colour {
  const below = ground.lightness - difference;
  const above = ground.lightness + difference;
  const darker = above > 95 || (below > 5 && chance(random, 0.5));
  const lightness = darker
    ? between(random, [3, Math.max(4, below)])
    : between(random, [Math.min(96, above), 97]);
  return { ...anyColour(random), lightness };
}

/** The same colour, lighter or darker. */
export function shade(colour: Colour, points: number): Colour {
  return { ...colour, lightness: Math.min(98, Math.max(2, colour.lightness + points)) };
}

/** A colour as SVG writes it. */
export function css(colour: Colour): string {
  return `hsl(${colour.hue.toFixed(0)} ${colour.saturation.toFixed(0)}% ${colour.lightness.toFixed(0)}%)`;
}
