/** How an outline is filled: solid, as a line only, striped, or dotted. */

import { between, type Colour, css, type Random } from "./random-choice.ts";

interface Paint {
  readonly path: string;
  readonly ink: Colour;
  readonly paper: Colour;
}

const number = (value: number): string => value.toFixed(3);

const tile = (id: string, { size, turn, content }: { size: number; turn: number; content: string }): string =>
  `<pattern id="${id}" width="${number(size)}" height="${number(size)}" patternUnits="userSpaceOnUse" ` +
  `patternTransform="rotate(${turn.toFixed(0)})">${content}</pattern>`;

/** Each returns SVG for a path of radius 1; `ink` stands out from `paper`. */
export const textures: Readonly<Record<string, (random: Random, paint: Paint) => string>> = {
  solid: (_random, { path, ink }) => `<path d="${path}" fill="${css(ink)}" fill-rule="evenodd"/>`,

  line: (random, { path, ink }) =>
    `<path d="${path}" fill="none" stroke="${css(ink)}" stroke-width="${number(between(random, [0.09, 0.18]))}" stroke-linejoin="round"/>`,

  striped: (random, { path, ink, paper }) => {
    const size = between(random, [0.32, 0.5]);
    const content = `<rect width="2" height="2" fill="${css(paper)}"/><rect width="2" height="${number(size * 0.5)}" fill="${css(ink)}"/>`;
    const pattern = tile("texture", { size, turn: between(random, [0, 180]), content });
    return `${pattern}<path d="${path}" fill="url(#texture)" fill-rule="evenodd" stroke="${css(ink)}" stroke-width=".07"/>`;
  },

  dotted: (random, { path, ink, paper }) => {
    const size = between(random, [0.32, 0.46]);
    const dot = `<circle cx="${number(size / 2)}" cy="${number(size / 2)}" r="${number(size * 0.3)}" fill="${css(paper)}"/>`;
    const content = `<rect width="2" height="2" fill="${css(ink)}"/>${dot}`;
    const pattern = tile("texture", { size, turn: between(random, [0, 90]), content });
    return `${pattern}<path d="${path}" fill="url(#texture)" fill-rule="evenodd"/>`;
  },
};
