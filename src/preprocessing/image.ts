/** An image in memory: 8-bit RGB, row by row. */

export interface Image {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3]; never written to once made, as the cache shares it. */
  readonly pixels: Uint8Array<ArrayBuffer>;
}

/** `640 × 480`, width first, as pictures are spoken of. */
export const renderImageSize = ({ width, height }: Pick<Image, "width" | "height">): string =>
  `${width} × ${height}`;
