/** Rotates, shears and shifts an image: Pillow's affine transform, bilinear or bicubic, the size staying the same. */

import type { Image } from "./image.ts";

export interface Warp {
  /** Where a pixel comes from: x ← a·x + b·y + c, y ← d·x + e·y + f, at the centres of pixels. */
  readonly matrix: readonly [a: number, b: number, c: number, d: number, e: number, f: number];
  readonly filter: "bilinear" | "bicubic";
  /** The bytes of what comes from outside the image. */
  readonly fill: readonly [red: number, green: number, blue: number];
}

/** Counter-clockwise by so many degrees about the centre. */
export function rotation(
  degrees: number,
  { width, height }: Pick<Image, "width" | "height">,
): Warp["matrix"] {
  const angle = (-(((degrees % 360) + 360) % 360) * Math.PI) / 180;
  const [cosine, sine] = [rounded(Math.cos(angle)), rounded(Math.sin(angle))];
  const [x, y] = [width / 2, height / 2];
  const c = cosine * -x + sine * -y + 0 + x;
  const f = -sine * -x + cosine * -y + 0 + y;
  return [cosine, sine, c, -sine, cosine, f];
}

/** Python's `round(x, 15)`. */
const rounded = (value: number): number => Number(value.toFixed(15));

export function warp(image: Image, { matrix: [a, b, c, d, e, f], filter, fill }: Warp): Image {
  const { width, height } = image;
  const pixels = new Uint8Array(image.pixels.length);
  const sample = filter === "bilinear" ? bilinear : bicubic;
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at += 3) {
      const fromX = a * (x + 0.5) + b * (y + 0.5) + c;
      const fromY = d * (x + 0.5) + e * (y + 0.5) + f;
      if (fromX < 0 || fromX >= width || fromY < 0 || fromY >= height) pixels.set(fill, at);
      else sample(image, { x: fromX - 0.5, y: fromY - 0.5 }, { pixels, at });
    }
  return { width, height, pixels };
}

interface Point {
  readonly x: number;
  readonly y: number;
}
interface Target {
  readonly pixels: Uint8Array;
  readonly at: number;
}

const clamp = (value: number, size: number): number => (value < 0 ? 0 : value < size ? value : size - 1);

/** Rows below the image repeat the last one that counts. */
function bilinear({ width, height, pixels: from }: Image, { x, y }: Point, { pixels, at }: Target): void {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [dx, dy] = [x - left, y - top];
  const columns = [clamp(left, width) * 3, clamp(left + 1, width) * 3] as const;
  const firstRow = clamp(top, height) * width * 3;
  const secondRow = top + 1 < height ? (top + 1) * width * 3 : firstRow;
  for (let channel = 0; channel < 3; channel++) {
    const across = (row: number): number => {
      const [p, q] = [from[row + columns[0] + channel] as number, from[row + columns[1] + channel] as number];
      return p + (q - p) * dx;
    };
    const first = across(firstRow);
    pixels[at + channel] = Math.trunc(first + (across(secondRow) - first) * dy);
  }
}

function bicubic({ width, height, pixels: from }: Image, { x, y }: Point, { pixels, at }: Target): void {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [dx, dy] = [x - left, y - top];
  const columns = [-1, 0, 1, 2].map((by) => clamp(left + by, width) * 3);
  const rows: number[] = [];
  for (let by = -1; by <= 2; by++) {
    const row = top + by;
    const isInside = by === -1 || (row >= 0 && row < height);
    rows.push(isInside ? clamp(row, height) * width * 3 : (rows.at(-1) as number));
  }
  for (let channel = 0; channel < 3; channel++) {
    const values = rows.map((row) => {
      const [p = 0, q = 0, r = 0, s = 0] = columns.map((column) => from[row + column + channel] as number);
      return cubic([p, q, r, s], dx);
    });
    const [p = 0, q = 0, r = 0, s = 0] = values;
    const value = cubic([p, q, r, s], dy);
    pixels[at + channel] = value <= 0 ? 0 : value >= 255 ? 255 : Math.trunc(value);
  }
}

/** Through the middle two of four numbers, at `d` between them, with Pillow's slopes: a = -1. */
function cubic([v1, v2, v3, v4]: readonly [number, number, number, number], d: number): number {
  const [p2, p3, p4] = [-v1 + v3, 2 * (v1 - v2) + v3 - v4, -v1 + v2 - v3 + v4];
  return v2 + d * (p2 + d * (p3 + d * p4));
}
