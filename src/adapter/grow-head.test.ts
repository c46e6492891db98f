import { describe, expect, it } from "vitest";
import { growHead } from "./grow-head.ts";

const head = new Map([
  ["blocks.0.q.left", { shape: [1], data: Float32Array.of(7) }],
  ["head.weight", { shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
  ["head.bias", { shape: [3], data: Float32Array.of(0.5, 1, 3) }],
]);
const adapter = { labels: ["a", "b", "c"], tensors: head };

describe("growHead", () => {
  it("keeps rows by name, in the order of the new classes", () => {
    const { tensors, newClasses, dropped } = growHead(adapter, ["c", "a", "b"]);
    expect(tensors.get("head.weight")?.data).toEqual(Float32Array.of(5, 6, 1, 2, 3, 4));
    expect(tensors.get("head.bias")?.data).toEqual(Float32Array.of(3, 0.5, 1));
    expect(tensors.get("blocks.0.q.left")?.data).toEqual(Float32Array.of(7));
    expect({ newClasses, dropped }).toEqual({ newClasses: [], dropped: [] });
  });

  it("gives a new class zeros and the mean bias, and names what is dropped", () => {
    const { tensors, newClasses, dropped } = growHead(adapter, ["a", "b0", "c", "d"]);
    expect(tensors.get("head.weight")).toEqual({
      shape: [4, 2],
      data: Float32Array.of(1, 2, 0, 0, 5, 6, 0, 0),
    });
    expect(tensors.get("head.bias")).toEqual({ shape: [4], data: Float32Array.of(0.5, 1.5, 3, 1.5) });
    expect({ newClasses, dropped }).toEqual({ newClasses: [1, 3], dropped: ["b"] });
  });

  it("leaves the adapter's own tensors as they are", () => {
    growHead(adapter, ["c", "x"]).tensors.get("head.weight")?.data.fill(0);
    expect(head.get("head.weight")?.data).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
  });
});
