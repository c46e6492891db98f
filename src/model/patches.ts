/** Images as rows of patches, which one matrix product embeds. */

import { reshape, transpose } from "../graph/ops.ts";
import { dims } from "../graph/shapes.ts";
import type { Value } from "../graph/value.ts";

/** images [batch, 3, height, width] → [batch, patches, 3·p·p]: row by row, each in channel, row, column order. */
export function patchRows(images: Value, p: number): Value {
  const [batch, channels, height, width] = dims(images, 4);
  const [down, across] = [height / p, width / p];
  const cut = reshape(images, [batch, channels, down, p, across, p]);
  return reshape(transpose(cut, [0, 2, 4, 1, 3, 5]), [batch, down * across, channels * p * p]);
}
