/** Where the signaller stands: sea, deck, beach, hills or town, with clouds, gulls and sails that mean nothing. */

import { between, type Colour, chance, css, oneOf, type Random, shade } from "./random-choice.ts";

const f = (value: number): string => value.toFixed(1);

type Thing = (random: Random, colour: string) => string;

const cloud: Thing = (random, colour) => {
  const [x, y, r] = [between(random, [0, 100]), between(random, [4, 40]), between(random, [3, 8])];
  return `<g fill="${colour}"><circle cx="${f(x)}" cy="${f(y)}" r="${f(r)}"/><circle cx="${f(x + r)}" cy="${f(y + r / 4)}" r="${f(r * 0.8)}"/><circle cx="${f(x - r)}" cy="${f(y + r / 3)}" r="${f(r * 0.7)}"/></g>`;
};

const gull: Thing = (random, colour) => {
  const [x, y, r] = [between(random, [5, 95]), between(random, [5, 60]), between(random, [3, 8])];
  return `<path d="M${f(x - r)} ${f(y - r / 2)}Q${f(x - r / 3)} ${f(y - r)} ${f(x)} ${f(y)}Q${f(x + r / 3)} ${f(y - r)} ${f(x + r)} ${f(y - r / 2)}" fill="none" stroke="${colour}" stroke-width="1.6"/>`;
};

const sail: Thing = (random, colour) => {
  const [x, y, r] = [between(random, [0, 100]), between(random, [55, 75]), between(random, [8, 22])];
  return `<path d="M${f(x)} ${f(y - r)}V${f(y)}H${f(x + r * 0.6)}ZM${f(x - 1)} ${f(y - r * 0.8)}V${f(y)}H${f(x - r * 0.5)}Z" fill="${colour}"/>`;
};

const sun: Thing = (random, colour) =>
  `<circle cx="${f(between(random, [5, 95]))}" cy="${f(between(random, [5, 35]))}" r="${f(between(random, [4, 10]))}" fill="${colour}"/>`;

const mast: Thing = (random, colour) => {
  const [x, lean] = [between(random, [5, 95]), between(random, [-25, 25])];
  return `<path d="M${f(x)} 105L${f(x + lean)} -5" stroke="${colour}" stroke-width="${f(between(random, [1.2, 3.5]))}"/>`;
};

const rope: Thing = (random, colour) => {
  const [left, right] = [between(random, [0, 100]), between(random, [0, 100])];
  return `<path d="M-5 ${f(left)}Q50 ${f((left + right) / 2 + 12)} 105 ${f(right)}" fill="none" stroke="${colour}" stroke-width="${f(between(random, [0.8, 2.4]))}"/>`;
};

const crate: Thing = (random, colour) => {
  const [x, y, r] = [between(random, [0, 95]), between(random, [60, 95]), between(random, [5, 14])];
  return `<rect x="${f(x)}" y="${f(y)}" width="${f(r)}" height="${f(r)}" fill="${colour}" transform="rotate(${f(between(random, [-12, 12]))} ${f(x)} ${f(y)})"/>`;
};

const things: readonly Thing[] = [cloud, gull, sail, sun, mast, rope, crate];

/** What is under the horizon: waves, planks, hills or roofs. */
const grounds: readonly ((random: Random, ground: { y: number; colour: Colour }) => string)[] = [
  (random, { y, colour }) => {
    let waves = `<rect x="-5" y="${f(y)}" width="110" height="110" fill="${css(colour)}"/>`;
    for (let line = y + 4; line < 100; line += between(random, [5, 11])) {
      waves += `<path d="M-5 ${f(line)}q8 -4 16 0t16 0t16 0t16 0t16 0t16 0t16 0" fill="none" stroke="${css(shade(colour, 9))}" stroke-width="1.4"/>`;
    }
    return waves;
  },
  (random, { y, colour }) => {
    let planks = `<rect x="-5" y="${f(y)}" width="110" height="110" fill="${css(colour)}"/>`;
    const middle = between(random, [20, 80]);
    for (let x = -60; x < 160; x += 12) {
      planks += `<path d="M${f(middle + (x - middle) * 0.4)} ${f(y)}L${f(x)} 105" stroke="${css(shade(colour, -9))}" stroke-width="1"/>`;
    }
    return planks;
  },
  (random, { y, colour }) => {
    const [a, b, c] = [between(random, [-12, 12]), between(random, [-12, 12]), between(random, [-12, 12])];
    return `<path d="M-5 ${f(y + a)}Q25 ${f(y - 14 + b)} 50 ${f(y + c)}T105 ${f(y + a)}V110H-5Z" fill="${css(colour)}"/>`;
  },
  (random, { y, colour }) => {
    let roofs = `<rect x="-5" y="${f(y + 8)}" width="110" height="110" fill="${css(colour)}"/>`;
    for (let x = -5; x < 105; x += between(random, [10, 22])) {
      roofs += `<rect x="${f(x)}" y="${f(y + between(random, [-14, 8]))}" width="${f(between(random, [8, 20]))}" height="110" fill="${css(shade(colour, between(random, [-8, 8])))}"/>`;
    }
    return roofs;
  },
];

interface Scene {
  /** The colour that the sky is around. */
  readonly ground: Colour;
  /** Fewest and most things in it. */
  readonly clutter: readonly [number, number];
}

/** A scene as SVG for a 100 by 100 square. */
export function drawScene(random: Random, { ground, clutter: [fewest, most] }: Scene): string {
  const sky =
    `<linearGradient id="sky" x2="0" y2="1"><stop stop-color="${css(shade(ground, between(random, [-10, 10])))}"/>` +
    `<stop offset="1" stop-color="${css(shade(ground, between(random, [-6, 12])))}"/></linearGradient>` +
    `<rect x="-5" y="-5" width="110" height="110" fill="url(#sky)"/>`;
  const below: Colour = {
    ...ground,
    hue: between(random, [0, 360]),
    lightness: ground.lightness + between(random, [-14, 8]),
  };
  const horizon = oneOf(random, grounds)(random, { y: between(random, [45, 85]), colour: below });
  const count = fewest + random.int(most - fewest + 1);
  let clutter = "";
  for (let i = 0; i < count; i++) {
    const colour = shade({ ...ground, hue: between(random, [0, 360]) }, between(random, [-30, 25]));
    clutter += oneOf(random, things)(random, css(colour));
  }
  return chance(random, 0.5) ? sky + horizon + clutter : sky + clutter + horizon;
}
