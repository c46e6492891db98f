import { expect, it } from "vitest";
import { openSample } from "./validation-sample.ts";

const fill = (examples: number, most?: number) => {
  const labels = Array.from({ length: examples }, (_, index) => index % 3);
  const sample = openSample(labels, 2, most);
  for (let index = 0; index < examples; index++) sample.add(Float32Array.of(index, -index));
  return sample.predictions;
};

it("keeps all logits where they are few", () => {
  expect(fill(3)).toEqual({ logits: Float32Array.of(0, -0, 1, -1, 2, -2), labels: [0, 1, 2], classes: 2 });
});

it("keeps evenly spaced examples where they are many, each with its label", () => {
  const { logits, labels } = fill(10, 8);
  expect([...logits].filter((_, at) => at % 2 === 0)).toEqual([2, 4, 7, 9]);
  expect(labels).toEqual([2 % 3, 4 % 3, 7 % 3, 9 % 3]);
});

it("keeps one example where a single one has more logits than are kept", () => {
  expect(fill(5, 1).labels).toEqual([4 % 3]);
});
