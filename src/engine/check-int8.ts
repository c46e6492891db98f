/** Whether an engine multiplies numbers of 8 bits correctly. */

import { EngineError } from "../errors.ts";
import { quantise, quantisedProduct } from "../graph/ops.ts";
import { filled, input, scalar } from "../graph/value.ts";
import type { Engine } from "./engine.ts";

const terms = 8;

/**
 * x86 processors without VNNI instructions add pairs of products in 16 bits, where large ones are cut off without a word: the
 * largest are tried.
 */
export async function checkInt8(engine: Engine): Promise<void> {
  const session = await engine.compile({
    outputs: {
      y: quantisedProduct(
        quantise(input("a", [1, terms]), scalar(1), { signed: false }),
        quantise(input("b", [terms, 1]), scalar(1), { signed: true }),
        filled([1], 1),
      ),
    },
  });
  try {
    const numbers = () => new Float32Array(terms).fill(127);
    const { y } = await session.run({ a: numbers(), b: numbers() });
    if (y?.[0] === terms * 127 ** 2) return;
  } finally {
    await session.close();
  }
  throw new EngineError(
    (show) =>
      `${show("precision", "int8")} needs a processor with VNNI or dot-product instructions; without them its products are wrong. Leave it out, or give ${show("precision", "fp32")}.`,
  );
}
