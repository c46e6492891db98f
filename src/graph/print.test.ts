import { describe, expect, it } from "vitest";
import { adaptedGraph, tiny } from "../../test/tiny-vit.ts";
import { grad } from "./grad.ts";
import { add, gelu, mul, pad, reshape, sum } from "./ops.ts";
import { printGraph } from "./print.ts";
import { constant, input, scalar } from "./value.ts";

describe("printGraph", () => {
  it("names what is fed, stored, constant, and what is made of them", () => {
    const x = input("x", [2]);
    const weight = constant({ shape: [2], path: "model.safetensors", offset: 104 });
    const shift = constant({ shape: [2], data: Float32Array.of(1, 2) });
    const y = add(mul(mul(x, weight), scalar(0.1)), shift);
    const graph = { outputs: { y, padded: pad(y, { axis: 0, before: 1, after: 0 }), x2: x } };
    expect(printGraph(graph)).toBe(`x [2]

constant_0 = stored(model.safetensors, offset: 104) [2]
mul_1 = mul(x, constant_0) [2]
mul_2 = mul(mul_1, 0.1) [2]
constant_3 = constant() [2]
add_4 = add(mul_2, constant_3) [2]
pad_5 = pad(add_4, axis: 0, before: 1, after: 0) [3]

y = add_4
padded = pad_5
x2 = x`);
  });

  it("shows a gradient", () => {
    const x = input("x", [3]);
    const loss = reshape(sum(gelu(x), [0]), []);
    expect(printGraph({ outputs: { dx: grad(loss, [x])[0] ?? x } })).toMatchSnapshot();
  });

  it("shows a ViT of one block", () => {
    const { logits } = adaptedGraph({ config: { ...tiny, depth: 1 }, batch: 2 });
    expect(printGraph({ outputs: { logits } })).toMatchSnapshot();
  });
});
