/** A person with two flags, signalling a letter: the pictures of the demo, where only the angles of the arms tell the class. */

import { randomStream } from "../../src/random.ts";
import {
  anyColour,
  between,
  type Colour,
  chance,
  colourAgainst,
  css,
  oneOf,
  type Random,
  shade,
} from "./random-choice.ts";
import { rasterise } from "./rasterise.ts";
import { drawScene } from "./scenes.ts";

const camera = { size: 64, noise: 3, blur: 0, quality: 84 };

/** What makes reading hard; degrees, or units of a picture that is 100 wide. */
const difficulty = {
  /** How far an arm may be from its letter's angle, either way; 22.5 would be another letter. */
  sway: 6,
  /** How far the person leans, either way. */
  tilt: 4,
  scale: [0.88, 1.04],
  /** Where the middle of the body may be. */
  across: [46, 54],
  down: [48, 53],
  /** Things in the scene that mean nothing. */
  clutter: [0, 1],
} as const;

/**
 * Where the flags point, in degrees clockwise from straight up as the reader sees it: the international flag semaphore.
 * The letters of HELLO WORLD. D, L and R are one straight line turned; H, O and W one narrow angle turned.
 */
export const semaphoreLetters: Readonly<Record<string, readonly [number, number]>> = {
  D: [180, 0],
  E: [180, 45],
  H: [270, 225],
  L: [225, 45],
  O: [270, 315],
  R: [270, 90],
  W: [45, 90],
};

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The point `length` away in a direction, clockwise from straight up. */
function along({ x, y }: Point, { degrees, length }: { degrees: number; length: number }): Point {
  const angle = (degrees * Math.PI) / 180;
  return { x: x + length * Math.sin(angle), y: y - length * Math.cos(angle) };
}

const text = ({ x, y }: Point): string => `${x.toFixed(1)} ${y.toFixed(1)}`;

/** A flag at the end of a pole: two colours, split along a diagonal, in bands, or plain with a square. */
function drawFlag(
  random: Random,
  { hand, degrees, colours }: { hand: Point; degrees: number; colours: readonly [string, string] },
): string {
  const [outer, inner] = colours;
  const near = along(hand, { degrees, length: 3 });
  const far = along(hand, { degrees, length: 17 });
  // The cloth hangs to the outside of the body's axis, as it does in the wind of a real signal station.
  const side = chance(random, 0.5) ? 90 : -90;
  const nearEdge = along(near, { degrees: degrees + side, length: 13 });
  const farEdge = along(far, { degrees: degrees + side, length: 13 });
  const pole = `<path d="M${text(hand)}L${text(far)}" stroke="#5b4632" stroke-width="1.6"/>`;
  const cloth = `<path d="M${text(near)}L${text(far)}L${text(farEdge)}L${text(nearEdge)}Z" fill="${outer}"/>`;
  const half = `<path d="M${text(near)}L${text(far)}L${text(farEdge)}Z" fill="${inner}"/>`;
  return pole + cloth + half;
}

/** One arm, slightly bent, and what it holds. */
function drawArm(
  random: Random,
  {
    shoulder,
    degrees,
    sleeve,
    colours,
  }: { shoulder: Point; degrees: number; sleeve: Colour; colours: readonly [string, string] },
): string {
  const bend = between(random, [-7, 7]);
  const elbow = along(shoulder, { degrees: degrees + bend, length: 9 });
  const hand = along(elbow, { degrees: degrees - bend, length: 9 });
  const arm = `<path d="M${text(shoulder)}L${text(elbow)}L${text(hand)}" fill="none" stroke="${css(sleeve)}" stroke-width="4.6" stroke-linecap="round" stroke-linejoin="round"/>`;
  return drawFlag(random, { hand, degrees, colours }) + arm;
}

/** The colours of the flags that are used at sea. */
const flagColours = ["#f4c531", "#d3312b"] as const;

/** The signaller, about 100 units tall with both arms up, standing around (0, 0). */
function drawSignaller(
  random: Random,
  { letter, ground }: { letter: readonly [number, number]; ground: Colour },
): string {
  const shirt = colourAgainst(random, { ground, difference: 22 });
  const trousers = oneOf(random, [
    shade(shirt, -18),
    colourAgainst(random, { ground, difference: 18 }),
    shirt,
  ]);
  const skin = oneOf(random, ["#f2cfb0", "#d9a679", "#b07a4f", "#7d4f30", "#573622"]);
  const hat = colourAgainst(random, { ground, difference: 15 });
  const sway = () => between(random, [-difficulty.sway, difficulty.sway]);
  const stance = between(random, [3, 9]);
  const body =
    `<path d="M-3 18L${(-stance).toFixed(1)} 46M3 18L${stance.toFixed(1)} 46" stroke="${css(trousers)}" stroke-width="5.4" stroke-linecap="round"/>` +
    `<path d="M-7 -8Q0 -11 7 -8L5.5 20H-5.5Z" fill="${css(shirt)}" stroke="${css(shirt)}" stroke-width="2" stroke-linejoin="round"/>`;
  const head = `<circle cy="-18" r="6.6" fill="${skin}"/>`;
  const hats = [
    `<path d="M-7 -20Q0 -29 7 -20Z" fill="${css(hat)}"/>`,
    `<path d="M-6.6 -20A6.6 6.6 0 0 1 6.6 -20Z" fill="${css(hat)}"/><path d="M-9 -20H9" stroke="${css(hat)}" stroke-width="2"/>`,
    "",
  ];
  const [first, second] = letter;
  // Both arms start at their own shoulder, so in H, O and W one of them reaches across the face or the chest.
  const arms = [
    drawArm(random, {
      shoulder: { x: -7, y: -6 },
      degrees: first + sway(),
      sleeve: shade(shirt, -6),
      colours: flagColours,
    }),
    drawArm(random, {
      shoulder: { x: 7, y: -6 },
      degrees: second + sway(),
      sleeve: shade(shirt, -6),
      colours: flagColours,
    }),
  ];
  return body + head + oneOf(random, hats) + arms.join("");
}

/** One picture of a letter: the same seed, letter, split and number give the same bytes. */
export async function drawSemaphore(
  name: string,
  { seed, split, number }: { seed: number; split: string; number: number },
): Promise<Buffer> {
  const letter = semaphoreLetters[name];
  if (letter === undefined) throw new Error(`internal: no letter "${name}"`);
  const random = randomStream(seed, "semaphore", split, name, number);
  const ground = {
    ...anyColour(random),
    saturation: between(random, [8, 35]),
    lightness: between(random, [80, 94]),
  };
  const scale = between(random, difficulty.scale);
  const [x, y] = [between(random, difficulty.across), between(random, difficulty.down)];
  const tilt = between(random, [-difficulty.tilt, difficulty.tilt]);
  const signaller = drawSignaller(random, { letter, ground });
  const placed = `<g transform="translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${tilt.toFixed(1)}) scale(${scale.toFixed(3)})">${signaller}</g>`;
  return rasterise(drawScene(random, { ground, clutter: difficulty.clutter }) + placed, { random, camera });
}
