/** The shapes of the pre-training set: outlines that can be filled, and strokes that can not, each within a circle of radius 1. */

import { between, type Random } from "./random-choice.ts";

/** An SVG path around (0, 0), of radius 1. */
type Outline = (random: Random) => string;

export interface Strokes {
  readonly path: Outline;
  /** Degrees it may turn either way; a letter turned too far is another letter. */
  readonly turn: number;
}

const at = (radius: number, degrees: number): string => {
  const angle = (degrees * Math.PI) / 180;
  return `${(radius * Math.sin(angle)).toFixed(3)} ${(-radius * Math.cos(angle)).toFixed(3)}`;
};

const closed = (points: readonly string[]): string => `M${points.join("L")}Z`;

const polygon =
  (sides: number): Outline =>
  () =>
    closed(Array.from({ length: sides }, (_, i) => at(1, (360 * i) / sides)));

const star =
  (tips: number, [low, high]: readonly [number, number]): Outline =>
  (random) => {
    const inner = between(random, [low, high]);
    return closed(Array.from({ length: 2 * tips }, (_, i) => at(i % 2 ? inner : 1, (180 * i) / tips)));
  };

const circle = (radius: number, [x, y]: readonly [number, number] = [0, 0]): string =>
  `M${x - radius} ${y}a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0Z`;

const gear: Outline = (random) => {
  const teeth = 7 + random.int(4);
  const step = 360 / teeth;
  const corners = (i: number) => [
    at(0.72, i * step),
    at(1, (i + 0.1) * step),
    at(1, (i + 0.4) * step),
    at(0.72, (i + 0.5) * step),
  ];
  return closed(Array.from({ length: teeth }, (_, i) => corners(i)).flat()) + circle(0.28);
};

const flower: Outline = (random) => {
  const petals = 5 + random.int(3);
  const step = 360 / petals;
  const petal = (i: number) =>
    `Q${at(1.35, (i + 0.1) * step)} ${at(0.85, (i + 0.5) * step)}Q${at(1.35, (i + 0.9) * step)} ${at(0.4, (i + 1) * step)}`;
  return `M${at(0.4, 0)}${Array.from({ length: petals }, (_, i) => petal(i)).join("")}Z`;
};

/** Shapes with an inside: each becomes one class per texture. */
export const outlines: Readonly<Record<string, Outline>> = {
  disc: () => circle(0.95),
  triangle: polygon(3),
  rectangle: (random) => {
    const half = between(random, [0.4, 0.7]);
    return `M${-half} -.85H${half}V.85H${-half}Z`;
  },
  pentagon: polygon(5),
  octagon: polygon(8),
  star4: star(4, [0.3, 0.45]),
  star5: star(5, [0.35, 0.48]),
  star9: star(9, [0.5, 0.65]),
  cross: (random) => {
    const arm = between(random, [0.22, 0.36]);
    return `M-1 ${-arm}H${-arm}V-1H${arm}V${-arm}H1V${arm}H${arm}V1H${-arm}V${arm}H-1Z`;
  },
  ring: (random) => circle(0.98) + circle(between(random, [0.45, 0.65])),
  moon: (random) => {
    const inner = between(random, [1, 1.25]);
    return `M.3 -.95A1 1 0 1 0 .3 .95A${inner} ${inner} 0 0 1 .3 -.95Z`;
  },
  heart: () =>
    "M0 .95C-1.2 .15 -1.1 -.9 -.5 -.9C-.2 -.9 0 -.65 0 -.45C0 -.65 .2 -.9 .5 -.9C1.1 -.9 1.2 .15 0 .95Z",
  gear,
  leaf: (random) => {
    const bulge = between(random, [0.6, 0.95]);
    return `M0 -1C${bulge} -.4 ${bulge} .4 0 .75V1H-.06V.75C${-bulge} .4 ${-bulge} -.4 0 -1Z`;
  },
  arrow: (random) => {
    const shaft = between(random, [0.15, 0.28]);
    return `M0 -1L.7 -.15H${shaft}V1H${-shaft}V-.15H-.7Z`;
  },
  flower,
  drop: () => "M0 -1C.25 -.45 .7 -.1 .7 .35A.7 .62 0 0 1 -.7 .35C-.7 -.1 -.25 -.45 0 -1Z",
  bolt: () => "M.25 -1L-.55 .15H-.05L-.3 1L.6 -.25H.1L.45 -1Z",
};

const letter = (path: string): Strokes => ({ path: () => path, turn: 30 });

/** Shapes made of strokes alone: one class each. */
export const strokes: Readonly<Record<string, Strokes>> = {
  arc: { path: (random) => `M${at(0.9, between(random, [100, 140]))}A.9 .9 0 1 0 ${at(0.9, 0)}`, turn: 180 },
  spiral: {
    path: (random) => {
      const turns = between(random, [2, 3]);
      return `M${Array.from({ length: 60 }, (_, i) => at(0.05 + (0.9 * i) / 59, (360 * turns * i) / 59)).join("L")}`;
    },
    turn: 180,
  },
  wave: { path: () => "M-1 0Q-.75 -.8 -.5 0T0 0T.5 0T1 0", turn: 180 },
  zigzag: { path: () => "M-1 .3L-.6 -.3L-.2 .3L.2 -.3L.6 .3L1 -.3", turn: 180 },
  grid: { path: () => "M-.9 -.45H.9M-.9 .45H.9M-.45 -.9V.9M.45 -.9V.9M-.9 0H.9M0 -.9V.9", turn: 180 },
  ladder: { path: () => "M-.4 -1V1M.4 -1V1M-.4 -.7H.4M-.4 -.25H.4M-.4 .2H.4M-.4 .65H.4", turn: 180 },
  asterisk: { path: () => "M0 -1V1M-.87 -.5L.87 .5M-.87 .5L.87 -.5", turn: 180 },
  target: { path: () => circle(0.95) + circle(0.58) + circle(0.2), turn: 180 },
  infinity: { path: () => "M0 0C.4 -.7 1 -.6 1 0S.4 .7 0 0S-1 -.6 -1 0S-.4 .7 0 0Z", turn: 180 },
  key: { path: () => `${circle(0.38, [0, -0.58])}M0 -.2V1M0 .9H.4M0 .6H.3`, turn: 180 },
  face: {
    path: (random) => {
      const smile = between(random, [0.5, 0.8]);
      return `${circle(0.95)}${circle(0.08, [-0.35, -0.25])}${circle(0.08, [0.35, -0.25])}M-.45 .25Q0 ${smile} .45 .25`;
    },
    turn: 60,
  },
  house: { path: () => "M-.8 -.1V.9H.8V-.1M-1 0L0 -.95L1 0M-.2 .9V.3H.25V.9", turn: 45 },
  tree: { path: () => "M0 1V-.9M0 .5L-.7 -.1M0 .3L.7 -.3M0 -.1L-.45 -.6M0 -.25L.4 -.75", turn: 60 },
  fish: { path: () => "M-1 -.5L-.5 0Q0 -.7 .9 0Q0 .7 -.5 0L-1 .5Z", turn: 60 },
  antenna: { path: () => "M0 1V-.3M-.6 -.9L0 -.3L.6 -.9M-.3 1H.3", turn: 60 },
  a: letter("M-.7 1L0 -1L.7 1M-.42 .25H.42"),
  e: letter("M.6 -.95H-.55V.95H.6M-.55 0H.4"),
  h: letter("M-.6 -1V1M.6 -1V1M-.6 0H.6"),
  k: letter("M-.55 -1V1M.6 -1L-.55 .15M-.2 -.15L.65 1"),
  m: letter("M-.8 1V-1L0 .3L.8 -1V1"),
  r: letter("M-.5 1V-1H.1A.5 .5 0 0 1 .1 .05H-.5M.05 .05L.6 1"),
  s: letter(
    "M.55 -.7Q.2 -1 -.1 -.95Q-.6 -.85 -.5 -.4Q-.4 -.1 .1 .05Q.65 .25 .55 .65Q.4 1 -.1 .95Q-.4 .9 -.6 .65",
  ),
  y: letter("M-.7 -1L0 0L.7 -1M0 0V1"),
  two: letter("M-.55 -.5Q-.5 -1 0 -1Q.55 -1 .55 -.5Q.5 0 -.55 .95H.6"),
};
