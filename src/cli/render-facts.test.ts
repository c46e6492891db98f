import { describe, expect, it } from "vitest";
import { renderBytes, renderFacts, renderSome, renderSteps } from "./render-facts.ts";

describe("renderFacts", () => {
  it("aligns values and leaves out what is unknown", () => {
    const facts = [
      ["labels", "rose, tulip"],
      ["kept", undefined],
      ["named 日本", 3],
    ] as const;
    expect(renderFacts("x is an adapter.", facts)).toBe(
      "x is an adapter.\n  labels      rose, tulip\n  named 日本  3",
    );
  });

  it("keeps a stranger's control characters from the terminal", () => {
    expect(renderFacts("a\u001b[2Jb", [["labels", "c\r\nd"]])).toBe("a\ufffd[2Jb\n  labels  c\ufffd\ufffdd");
  });
});

describe("renderBytes", () => {
  it.each([
    [0, "0 bytes"],
    [999, "999 bytes"],
    [1000, "1.0 kB"],
    [22_869_664, "22.9 MB"],
    [1_000_000, "1.0 MB"],
    [2_523_059_200, "2.5 GB"],
    [3e15, "3000.0 TB"],
  ])("shows %d as %s", (bytes, text) => {
    expect(renderBytes(bytes)).toBe(text);
  });
});

describe("renderSome", () => {
  it("counts what it leaves out", () => {
    expect(renderSome(["a", "b"], { shown: 2 })).toBe("a, b");
    expect(renderSome(["a", "b", "c"], { shown: 2 })).toBe("a, b, … (3)");
  });
});

describe("renderSteps", () => {
  it("names every option", () => {
    const steps = [
      ["resize", { size: [224, 200], filter: "bicubic" }],
      ["flip", {}],
    ] as const;
    expect(renderSteps(steps)).toBe("resize (size 224 200, filter bicubic), flip");
  });
});
