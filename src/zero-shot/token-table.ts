/** Rows of a text tower's table of tokens. */

import { InputError } from "../errors.ts";
import type { Tensor } from "../formats/tensor.ts";
import { readWeight } from "../formats/weight-bytes.ts";
import type { WeightSource } from "../model/weight-source.ts";
import { needed } from "../needed.ts";

/** [tokens.length, width]. A file in float32 is read where the rows are; of others the whole table is. */
export async function rowsOf(
  source: WeightSource,
  {
    table,
    tokens,
    where,
  }: { readonly table: string; readonly tokens: readonly number[]; readonly where: string },
): Promise<Float32Array> {
  const tensor = needed(source.get(table), table);
  const [words = 0, width = 0] = tensor.shape;
  const unknown = tokens.find((token) => token >= words);
  if (unknown !== undefined)
    throw new InputError(
      `${where}: its table has ${words} tokens, but its tokenizer gave token ${unknown}. They are of different models.`,
    );
  const { stored } = tensor;
  const whole: Tensor | undefined = stored ? undefined : await tensor.read();
  const rows = new Float32Array(tokens.length * width);
  for (const [at, token] of tokens.entries()) {
    const row = stored
      ? (await readWeight({ shape: [width], path: stored.path, offset: stored.offset + 4 * token * width }))
          .data
      : needed(whole, table).data.subarray(token * width, (token + 1) * width);
    rows.set(row, at * width);
  }
  return rows;
}
