/** What lies behind a drawn shape: flat colour, gradients, stripes, patches, speckles. Each returns SVG for a 100 by 100 square. */

import { between, type Colour, css, oneOf, type Random, shade } from "./random-choice.ts";

type Background = (random: Random, ground: Colour) => string;

const square = '<rect x="-20" y="-20" width="140" height="140"';

const flat: Background = (_random, ground) => `${square} fill="${css(ground)}"/>`;

const linear: Background = (random, ground) => {
  const reach = between(random, [8, 22]);
  const turn = between(random, [0, 360]);
  return (
    `<linearGradient id="ground" gradientTransform="rotate(${turn.toFixed(0)} .5 .5)">` +
    `<stop stop-color="${css(shade(ground, reach))}"/><stop offset="1" stop-color="${css(shade(ground, -reach))}"/>` +
    `</linearGradient>${square} fill="url(#ground)"/>`
  );
};

const radial: Background = (random, ground) => {
  const reach = between(random, [-20, 20]);
  const [x, y] = [between(random, [0, 1]), between(random, [0, 1])];
  return (
    `<radialGradient id="ground" cx="${x.toFixed(2)}" cy="${y.toFixed(2)}" r=".8">` +
    `<stop stop-color="${css(shade(ground, reach))}"/><stop offset="1" stop-color="${css(shade(ground, -reach))}"/>` +
    `</radialGradient>${square} fill="url(#ground)"/>`
  );
};

const bands: Background = (random, ground) => {
  const step = between(random, [6, 24]);
  const turn = between(random, [0, 180]);
  const colour = css(shade(ground, between(random, [-12, 12])));
  let lines = "";
  for (let y = -30; y < 130; y += step) {
    lines += `<rect x="-60" y="${y.toFixed(1)}" width="220" height="${(step / 2).toFixed(1)}"/>`;
  }
  return `${flat(random, ground)}<g fill="${colour}" transform="rotate(${turn.toFixed(0)} 50 50)">${lines}</g>`;
};

const patches: Background = (random, ground) => {
  let blots = "";
  const count = 3 + random.int(6);
  for (let i = 0; i < count; i++) {
    const colour = css(
      shade({ ...ground, hue: ground.hue + between(random, [-40, 40]) }, between(random, [-14, 14])),
    );
    const [x, y] = [between(random, [0, 100]), between(random, [0, 100])];
    const [rx, ry] = [between(random, [8, 40]), between(random, [8, 40])];
    blots += `<ellipse cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" rx="${rx.toFixed(1)}" ry="${ry.toFixed(1)}" fill="${colour}"/>`;
  }
  return flat(random, ground) + blots;
};

const speckles: Background = (random, ground) => {
  const count = 15 + random.int(30);
  const size = between(random, [1, 3]);
  let dots = "";
  for (let i = 0; i < count; i++) {
    const [x, y] = [between(random, [0, 100]), between(random, [0, 100])];
    dots += `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${size.toFixed(1)}"/>`;
  }
  return `${flat(random, ground)}<g fill="${css(shade(ground, between(random, [-16, 16])))}">${dots}</g>`;
};

const kinds: readonly Background[] = [flat, linear, radial, bands, patches, speckles];

/** One of the backgrounds, around the colour `ground`. */
export function drawBackground(random: Random, ground: Colour): string {
  return oneOf(random, kinds)(random, ground);
}
