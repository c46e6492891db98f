import { describe, expect, it } from "vitest";
import { evaluate } from "../engine/reference.ts";
import { aboveCut, findCut } from "./cut.ts";
import { add, exp, mul, neg, sum } from "./ops.ts";
import { filled, input, inputsOf } from "./value.ts";

const [x, w] = [input("x", [3]), input("w", [3])];
const feeds = { x: Float64Array.of(1, 2, 3), w: Float64Array.of(4, 5, 6) };

describe("findCut", () => {
  it("is the last value through which all else sees the input", () => {
    const lower = mul(exp(x), filled([3], 2));
    const first = neg(lower);
    // `first` is fixed too, but what follows reads `lower` as well.
    const graph = { outputs: { y: sum(mul(add(first, w), lower), [0]) } };
    expect(findCut(graph, "x")).toBe(lower);
    const fed = input("lower", lower.shape);
    const upper = aboveCut(graph, lower as never, fed);
    expect([...inputsOf(upper).keys()].toSorted()).toEqual(["lower", "w"]);
    const { lower: numbers } = evaluate({ outputs: { lower } }, feeds);
    const after = evaluate(upper, { w: feeds.w, lower: numbers?.data ?? new Float64Array() });
    expect(after).toEqual(evaluate(graph, feeds));
  });

  it("is none where the input meets what changes at once, or is read beside what is computed of it", () => {
    expect(findCut({ outputs: { y: mul(x, w) } }, "x")).toBeUndefined();
    expect(findCut({ outputs: { y: mul(add(exp(x), w), x) } }, "x")).toBeUndefined();
  });

  it("may not lie below an output", () => {
    const lower = exp(x);
    expect(findCut({ outputs: { lower, y: mul(neg(lower), w) } }, "x")).toBe(lower);
  });
});
