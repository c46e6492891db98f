/** The pictures that the embedded backbone is pre-trained on: every shape in every texture, wherever and however it lies. */

import { randomStream } from "../../src/random.ts";
import { drawBackground } from "./backgrounds.ts";
import { anyColour, between, colourAgainst, css, type Random, shade } from "./random-choice.ts";
import { rasterise } from "./rasterise.ts";
import { outlines, strokes } from "./shapes.ts";
import { textures } from "./textures.ts";

const camera = { size: 64, noise: 10, blur: 0.2, quality: 92 };

/** Draws one shape on one background: SVG for a 100 by 100 square. */
type Draw = (random: Random) => string;

/** Moved, turned, scaled and slightly sheared, so that neither place nor pose tells the class. */
function place(random: Random, { content, turn }: { content: string; turn: number }): string {
  const radius = between(random, [24, 43]);
  const reach = 50 - 0.9 * radius;
  const [x, y] = [between(random, [50 - reach, 50 + reach]), between(random, [50 - reach, 50 + reach])];
  const angle = between(random, [-turn, turn]);
  const [wide, skew] = [between(random, [0.85, 1.15]), between(random, [-8, 8])];
  const transform =
    `translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${angle.toFixed(1)}) skewX(${skew.toFixed(1)}) ` +
    `scale(${(radius * wide).toFixed(2)} ${radius.toFixed(2)})`;
  return `<g transform="${transform}">${content}</g>`;
}

function textured(shape: string, texture: string): Draw {
  return (random) => {
    const ground = anyColour(random);
    const ink = colourAgainst(random, { ground, difference: 35 });
    const paper = colourAgainst(random, { ground: ink, difference: 25 });
    const path = outlines[shape]?.(random) ?? "";
    const content = textures[texture]?.(random, { path, ink, paper }) ?? "";
    return drawBackground(random, ground) + place(random, { content, turn: 180 });
  };
}

function stroked(name: string): Draw {
  return (random) => {
    const ground = anyColour(random);
    const ink = colourAgainst(random, { ground, difference: 35 });
    const stroke = strokes[name];
    if (stroke === undefined) throw new Error(`internal: no stroke "${name}"`);
    const width = between(random, [0.12, 0.24]);
    const shadow = shade(ink, between(random, [-15, 15]));
    const content =
      `<path d="${stroke.path(random)}" fill="none" stroke="${css(shadow)}" stroke-width="${width.toFixed(3)}" ` +
      `stroke-linecap="round" stroke-linejoin="round"/>`;
    return drawBackground(random, ground) + place(random, { content, turn: stroke.turn });
  };
}

/** Class name to drawing: 18 outlines in 4 textures, and 24 stroked shapes. */
export const pretrainingClasses: ReadonlyMap<string, Draw> = new Map([
  ...Object.keys(outlines).flatMap((shape) =>
    Object.keys(textures).map((texture) => [`${shape}-${texture}`, textured(shape, texture)] as const),
  ),
  ...Object.keys(strokes).map((name) => [name, stroked(name)] as const),
]);

/** One picture of a class: the same seed, class, split and number give the same bytes. */
export async function drawPretrainingImage(
  name: string,
  { seed, split, number }: { seed: number; split: string; number: number },
): Promise<Buffer> {
  const draw = pretrainingClasses.get(name);
  if (draw === undefined) throw new Error(`internal: no class "${name}"`);
  const random = randomStream(seed, "pretraining", split, name, number);
  return rasterise(draw(random), { random, camera });
}
