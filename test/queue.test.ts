import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EngineError, InputError } from "../src/errors.ts";
import type { StudyEvent } from "../src/study/events.ts";
import { study } from "../src/study/study.ts";
import type { StudyInput } from "../src/study/study-schema.ts";
import { type WorkEvent, work } from "../src/study/work.ts";
import { ending, start } from "./run-command.ts";
import { freePort, queuePrograms, type Server, startQueue } from "./servers.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { writeTinyDataset } from "./tiny-dataset.ts";

const folder = temporaryFolder("queue");
const model = fileURLToPath(new URL("../assets/demo/backbone", import.meta.url));
const data = join(folder, "stripes");
/** Five trials: three choose a rate, two are read on test images. Their states are saved after every step. */
const small: StudyInput = {
  ...{ model, data: [data], imageSize: 32, seeds: 2, methods: ["rlrr"] },
  recipe: { epochs: 6, checkpointSeconds: 0 },
  tune: { learningRate: [1e-3, 3e-3, 1e-2] },
};
let queue = "";

beforeAll(() => writeTinyDataset(data, { train: 10, val: 4 }), 60_000);

interface RunOptions {
  readonly queue?: string;
  readonly processes?: number;
  readonly study?: StudyInput;
}

async function run(out: string, options: RunOptions) {
  const events: StudyEvent[] = [];
  for await (const event of study({ out, study: small, ...options })) events.push(event);
  return events;
}

const tableIn = (out: string): string =>
  readFileSync(join(out, "table.md"), "utf8").split("## Time and memory")[0] ?? "";
const linesIn = (out: string) =>
  readFileSync(join(out, "results.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).name);

/** A worker as a program, killed amid a trial as often as is said, and started again until the signal is raised. */
function workAndDie(kills: number, signal: AbortSignal) {
  let killed = 0;
  let tell = () => {};
  const isKilled = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const isOver = (async () => {
    while (!signal.aborted) {
      const worker = start(["worker", "--queue", queue, "--json"]);
      const ended = ending(worker);
      const kill = () => worker.kill("SIGKILL");
      signal.addEventListener("abort", kill);
      worker.stdout.on("data", (text) => {
        if (!String(text).includes('"taken"') || killed >= kills) return;
        killed++;
        void setTimeout(500).then(kill);
      });
      await ended;
      signal.removeEventListener("abort", kill);
      if (killed >= kills) tell();
    }
  })();
  return { isKilled, isOver };
}

const alone = join(folder, "alone");
beforeAll(async () => {
  if (queuePrograms.length > 0) await run(alone, { processes: 1 });
}, 120_000);

for (const program of queuePrograms.length > 0 ? queuePrograms : [""])
  describe.skipIf(program === "")(
    `a study in a queue of ${program || "valkey-server or redis-server, which are not here"}`,
    () => {
      let server: Server | undefined;
      beforeAll(async () => {
        server = await startQueue(program, folder);
        queue = server.address;
      }, 60_000);
      afterAll(() => server?.stop());

      it("gives the table of one machine from three workers, of which one is killed twice", async () => {
        const shared = join(folder, `shared-${program}`);
        const over = new AbortController();
        const seen: WorkEvent[] = [];
        const steady = async () => {
          for await (const event of work({ queue, signal: over.signal })) seen.push(event);
        };
        const dying = workAndDie(2, over.signal);
        const workers = dying.isKilled.then(() => Promise.all([steady(), steady()]));
        const events = await run(shared, { queue });
        over.abort();
        await Promise.all([workers, dying.isOver]);
        expect(events.find(({ type }) => type === "start")).toMatchObject({ queue, trials: 5 });
        expect(seen.some(({ type }) => type === "done")).toBe(true);
        expect(tableIn(shared)).toBe(tableIn(alone));
        expect(linesIn(shared).sort()).toEqual(linesIn(alone).sort());
      }, 300_000);

      it("does not record what is no result", async () => {
        const stranger = new Worker("rlrr-trials", async () => ({ result: { trainable: "all" } }), {
          connection: { url: queue, maxRetriesPerRequest: null },
        });
        await expect(run(join(folder, `strange-${program}`), { queue })).rejects.toThrow(
          "The queue gave a result of which result.trainable is not valid in this version of rlrr. Run the study again, with workers of the same version.",
        );
        await stranger.close();
      }, 60_000);

      // Of the client, not of the server: one is enough.
      if (program === queuePrograms[0])
        it("says that no worker is there, and goes on with one that ends once the queue is empty", async () => {
          const out = join(folder, `lonely-${program}`);
          let worker: Promise<void> | undefined;
          const notes: string[] = [];
          for await (const event of study({ out, study: small, queue })) {
            if (event.type !== "note" || !event.message.startsWith("Trials wait")) continue;
            notes.push(event.message);
            worker ??= (async () => {
              for await (const _ of work({ queue, untilEmpty: true }));
            })();
          }
          await worker;
          expect(notes).toEqual([
            `Trials wait, and no worker was seen at ${queue}. Start one, here or elsewhere, with the study's own address: rlrr worker --queue ${queue}`,
          ]);
          expect(tableIn(out)).toBe(tableIn(alone));
        }, 300_000);

      if (program === queuePrograms[0])
        it("gives its trials to a worker that was started before it, to end once the queue is empty", async () => {
          const events: WorkEvent[] = [];
          const worker = (async () => {
            for await (const event of work({ queue, untilEmpty: true })) events.push(event);
          })();
          await setTimeout(11_000); // longer than a worker waits between two trials
          const { tune: _, ...one } = small;
          await run(join(folder, `later-${program}`), { queue, study: { ...one, seeds: 1 } });
          await worker;
          expect(events.filter(({ type }) => type === "done")).toHaveLength(2); // validation, then test
        }, 300_000);

      if (program === queuePrograms[0])
        it("goes on from results that came while nobody listened, and a worker ends once the queue is empty", async () => {
          const out = join(folder, `stopped-${program}`);
          const file = join(folder, "study.json");
          writeFileSync(file, JSON.stringify(small));
          const coordinator = start(["study", file, "--queue", queue, "--out", out, "--json"]);
          const ended = ending(coordinator);
          const redis = new Redis(queue);
          while ((await redis.keys("bull:rlrr-trials:*-*")).length < 3) await setTimeout(100);
          await redis.quit();
          coordinator.kill("SIGKILL");
          await ended;
          const events: WorkEvent[] = [];
          for await (const event of work({ queue, untilEmpty: true })) events.push(event);
          expect(events.filter(({ type }) => type === "done")).toHaveLength(3);
          const over = new AbortController();
          const rest = (async () => {
            for await (const event of work({ queue, signal: over.signal })) events.push(event);
          })();
          await run(out, { queue });
          over.abort();
          await rest;
          expect(events.filter(({ type }) => type === "done")).toHaveLength(5);
          expect(tableIn(out)).toBe(tableIn(alone));
        }, 300_000);
    },
  );

describe("the address of a queue", () => {
  const first = async (address: string) => {
    for await (const event of work({ queue: address })) return event;
  };

  it("is refused where it is none", async () => {
    await expect(first("localhost:6379")).rejects.toThrow(
      new InputError('queue must be an address such as redis://localhost:6379, got "localhost:6379".'),
    );
  });

  it("is refused where nothing answers", async () => {
    const port = await freePort();
    await expect(first(`redis://:secret@127.0.0.1:${port}`)).rejects.toThrow(
      new EngineError(
        `redis://127.0.0.1:${port} does not answer as a queue (ECONNREFUSED). Start a server there, such as valkey-server or redis-server, or name another with queue.`,
      ),
    );
  });
});
