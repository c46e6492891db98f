import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { eventStream } from "./event-stream.ts";

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const events: T[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

describe("eventStream", () => {
  it("gives events in order, those of one moment and those of later ones", async () => {
    const stream = eventStream<number>(async (emit) => {
      emit(1);
      emit(2);
      await setImmediate();
      emit(3);
    });
    expect(await collect(stream)).toEqual([1, 2, 3]);
  });

  it("ends without events where there are none", async () => {
    expect(await collect(eventStream(async () => {}))).toEqual([]);
  });

  it("does nothing before it is read", async () => {
    let began = false;
    const stream = eventStream(async () => {
      began = true;
    });
    await setImmediate();
    expect(began).toBe(false);
    await stream.next();
    expect(began).toBe(true);
  });

  it("keeps working while a slow reader is busy, and loses nothing", async () => {
    let finished = false;
    const stream = eventStream<number>(async (emit) => {
      for (let i = 0; i < 5; i++) {
        emit(i);
        await setImmediate();
      }
      finished = true;
    });
    expect((await stream.next()).value).toBe(0);
    for (let i = 0; i < 10; i++) await setImmediate();
    expect(finished).toBe(true);
    expect(await collect(stream)).toEqual([1, 2, 3, 4]);
  });

  it("tells an error after the events before it", async () => {
    const seen: string[] = [];
    const stream = eventStream<string>(async (emit) => {
      emit("one");
      throw new Error("broken");
    });
    await expect(
      (async () => {
        for await (const event of stream) seen.push(event);
      })(),
    ).rejects.toThrow("broken");
    expect(seen).toEqual(["one"]);
  });

  it("aborts the work when the reader leaves early, and waits for it to end", async () => {
    const log: string[] = [];
    const stream = eventStream<number>(async (emit, signal) => {
      for (let i = 0; !signal.aborted; i++) {
        emit(i);
        await setImmediate();
      }
      await setImmediate();
      log.push("tidied up");
    });
    for await (const event of stream) if (event === 2) break;
    expect(log).toEqual(["tidied up"]);
  });

  it("tells nothing to a reader who left, not even that the work was aborted", async () => {
    const stream = eventStream<number>(async (emit, signal) => {
      for (let i = 0; ; i++) {
        signal.throwIfAborted();
        emit(i);
        await setImmediate();
      }
    });
    for await (const event of stream) if (event === 2) break;
  });

  it("passes the caller's signal on, with its reason", async () => {
    const controller = new AbortController();
    const stream = eventStream<unknown>(async (emit, signal) => {
      emit("waiting");
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      emit(signal.reason);
    }, controller.signal);
    await stream.next();
    const reason = new Error("enough");
    controller.abort(reason);
    expect(await collect(stream)).toEqual([reason]);
  });

  it("hears a signal that was raised before it began", async () => {
    const stream = eventStream<boolean>(async (emit, signal) => emit(signal.aborted), AbortSignal.abort());
    expect(await collect(stream)).toEqual([true]);
  });
});
