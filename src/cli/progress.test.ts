import { afterEach, describe, expect, it } from "vitest";
import {
  chooseProgressMode,
  openProgress,
  type ProgressDrawer,
  type ProgressMode,
  wantsColor,
} from "./progress.ts";

const opened: ProgressDrawer[] = [];
afterEach(() => {
  for (const drawer of opened.splice(0)) drawer.close();
});

function setUp(mode: ProgressMode) {
  const written: string[] = [];
  let ms = 0;
  const stream = { write: (text: string) => written.push(text), columns: 50 };
  const drawer = openProgress({ stream, mode, color: false, now: () => ms });
  opened.push(drawer);
  const step = (done: number, atMs: number, total = 100) => {
    ms = atMs;
    drawer.update({ label: "Training", done, total, unit: "images" });
  };
  return { written, drawer, step };
}

describe("chooseProgressMode", () => {
  const tty = { write: () => true, isTTY: true };
  const file = { write: () => true };
  it.each([
    { stream: tty, json: false, env: {}, mode: "live" },
    { stream: tty, json: false, env: { TERM: "dumb" }, mode: "lines" },
    { stream: file, json: false, env: {}, mode: "lines" },
    { stream: tty, json: true, env: {}, mode: "none" },
  ])("is $mode", ({ stream, json, env, mode }) => {
    expect(chooseProgressMode(stream, { json, env })).toBe(mode);
  });

  it("wants colour on a terminal unless told otherwise", () => {
    expect(wantsColor(tty, {})).toBe(true);
    expect(wantsColor(tty, { NO_COLOR: "" })).toBe(true);
    expect(wantsColor(tty, { NO_COLOR: "1" })).toBe(false);
    expect(wantsColor(tty, { TERM: "dumb" })).toBe(false);
    expect(wantsColor(file, {})).toBe(false);
  });
});

describe("openProgress on a terminal", () => {
  it("redraws in place, but not more often than the eye sees", () => {
    const { written, step } = setUp("live");
    step(0, 0);
    step(1, 50);
    step(10, 1000);
    expect(written).toEqual([
      "\rTraining  ░░░░░░    0 %    0/100 images  0.0 s\u001b[K",
      "\rTraining  ▌░░░░░   10 %  1.0 s, 9.0 s left\u001b[K",
    ]);
  });

  it("always draws the end, once", () => {
    const { written, step } = setUp("live");
    step(99, 0);
    step(100, 10);
    step(100, 20);
    expect(written).toHaveLength(2);
    expect(written[1]).toContain("100 %");
  });

  it("prints lines above the drawn one, and erases it when closed", () => {
    const { written, drawer, step } = setUp("live");
    drawer.print("before");
    step(0, 0);
    drawer.print("epoch 1");
    drawer.close();
    drawer.close();
    const bar = "Training  ░░░░░░    0 %    0/100 images  0.0 s";
    expect(written).toEqual(["before\n", `\r${bar}\u001b[K`, `\r\u001b[Kepoch 1\n${bar}`, "\r\u001b[K"]);
  });

  it("does not draw a task again that is over", () => {
    const { written, drawer, step } = setUp("live");
    step(100, 1000);
    drawer.print("epoch 1");
    expect(written.slice(1)).toEqual(["\r\u001b[K", "epoch 1\n"]);
  });

  it("has one line for all tasks, and remembers the time of one that continues", () => {
    const { written, drawer, step } = setUp("live");
    step(0, 0);
    drawer.update({ label: "Testing", done: 0, total: 1, unit: "images" });
    step(50, 10_000);
    expect(written).toHaveLength(3);
    expect(written.join("")).not.toContain("\n");
    expect(written[1]).toContain("Testing");
    expect(written[2]).toContain("10 s, 10 s left");
  });

  it("restarts with a task that is back at its beginning", () => {
    const { written, step } = setUp("live");
    step(100, 10_000);
    step(50, 20_000);
    expect(written.at(-1)).toContain("50 %   50/100 images  0.0 s");
  });

  it("wraps what it prints at spaces", () => {
    const { written, drawer } = setUp("live");
    drawer.print(`${"word ".repeat(12)}end.`);
    expect(written).toEqual([`${"word ".repeat(10).trim()}\n  word word end.\n`]);
  });

  it("follows a machine that slows down", () => {
    const { written, step } = setUp("live");
    step(0, 0, 1000);
    step(900, 10_000, 1000);
    step(910, 20_000, 1000);
    step(920, 30_000, 1000);
    // One image a second over the last fifteen seconds and the sample before: 80 s are left, not 3.
    expect(written.at(-1)).toContain("30 s, 1 min 20 s left");
  });

  it("leaves nothing behind: no listener, no timer", () => {
    const before = process.listenerCount("exit");
    const { drawer } = setUp("live");
    expect(process.listenerCount("exit")).toBe(before + 1);
    drawer.close();
    expect(process.listenerCount("exit")).toBe(before);
  });
});

describe("openProgress without a terminal", () => {
  it("prints a line every tenth of the way, or every ten seconds, and the last", () => {
    const { written, step } = setUp("lines");
    step(0, 0);
    step(5, 500);
    step(12, 900);
    step(13, 1500);
    step(14, 11_400);
    step(15, 11_500);
    step(100, 11_600);
    expect(written).toEqual([
      "Training: 13 %, 13/100 images, 8.67 images/s, 1.5 s, 10 s left\n",
      "Training: 15 %, 15/100 images, 1.30 images/s, 12 s, 1 min 05 s left\n",
      "Training: 100 %, 100/100 images, 8.62 images/s, 12 s\n",
    ]);
  });

  it("prints one line for a task that is over at once", () => {
    const { written, step } = setUp("lines");
    for (let i = 0; i <= 100; i++) step(i, i);
    expect(written).toEqual(["Training: 100 %, 100/100 images, 1,000 images/s, 0.1 s\n"]);
  });

  it("prints nothing where output is JSON", () => {
    const { written, step } = setUp("none");
    step(0, 0);
    step(100, 50_000);
    expect(written).toEqual([]);
  });
});

it("breaks messages at spaces on a terminal where something else shows the progress", () => {
  const written: string[] = [];
  const stream = { write: (text: string) => written.push(text), columns: 20, isTTY: true };
  const drawer = openProgress({ stream, mode: "none", color: false });
  opened.push(drawer);
  drawer.print("skipped: a.jpg is text, not an image.");
  expect(written.join("")).toBe("skipped: a.jpg is\n  text, not an\n  image.\n");
});
