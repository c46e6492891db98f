/** The functions between the matrices of an MLP, by the names that a configuration gives them. */

import { add, gelu, mul, sigmoid } from "../graph/ops.ts";
import { scalar, type Value } from "../graph/value.ts";

export const activationNames = ["gelu", "gelu-tanh", "quick-gelu", "silu"] as const;
export type ActivationName = (typeof activationNames)[number];

/** x · σ(1.702 · x), OpenAI's approximation of GELU. */
export const quickGelu = (x: Value): Value => mul(x, sigmoid(mul(x, scalar(1.702))));

/** x · σ(x). */
const silu = (x: Value): Value => mul(x, sigmoid(x));

/** ½x · (1 + tanh z) = x · σ(2z) with z = √(2/π) · (x + 0.044715 · x³): Hendrycks and Gimpel's approximation of GELU. */
function tanhGelu(x: Value): Value {
  const cubic = mul(add(mul(mul(x, x), scalar(0.044715)), scalar(1)), x);
  return mul(x, sigmoid(mul(cubic, scalar(2 * Math.sqrt(2 / Math.PI)))));
}

export const activations: Readonly<Record<ActivationName, (x: Value) => Value>> = {
  gelu,
  "gelu-tanh": tanhGelu,
  "quick-gelu": quickGelu,
  silu,
};
