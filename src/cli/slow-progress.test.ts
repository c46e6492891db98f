import { describe, expect, it, vi } from "vitest";
import type { Progress } from "./render-progress.ts";
import { slowly } from "./slow-progress.ts";

describe("slowly", () => {
  it("shows nothing for a task of less than two seconds", () => {
    const drawn: Progress[] = [];
    const drawer = {
      update: (progress: Progress) => drawn.push(progress),
      print: () => {},
      clear: () => {},
      close: () => {},
    };
    const clock = vi.spyOn(performance, "now").mockReturnValue(1000);
    const tell = slowly(drawer, { label: "evaluating" });
    tell(1, 9);
    clock.mockReturnValue(3000);
    tell(2, 9);
    expect(drawn).toEqual([]);
    clock.mockReturnValue(3001);
    tell(3, 9);
    clock.mockRestore();
    expect(drawn).toEqual([{ label: "evaluating", done: 3, total: 9, unit: "images" }]);
  });
});
