import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ObjectStore } from "../src/store/object-store.ts";
import { connectS3 } from "../src/store/s3-store.ts";
import type { StudyEvent } from "../src/study/events.ts";
import { study } from "../src/study/study.ts";
import type { StudyInput } from "../src/study/study-schema.ts";
import { ending, start } from "./run-command.ts";
import { hasStore, queuePrograms, type Server, startQueue, startStore, storeKeys } from "./servers.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { writeTinyDataset } from "./tiny-dataset.ts";

const folder = temporaryFolder("store-study");
const [program] = queuePrograms;
const canRun = hasStore && program !== undefined;
const data = join(folder, "stripes");
/** Four trials of sixty steps, and one that is a probe: it needs features. */
const small: StudyInput = {
  ...{ data: [data], imageSize: 32, seeds: 1, methods: ["linear", "rlrr"], keepAdapters: true },
  model: fileURLToPath(new URL("../assets/demo/backbone", import.meta.url)),
  recipe: { epochs: 12, batchSize: 4, checkpointSeconds: 0 },
  tune: { learningRate: [1e-3, 3e-3] },
};

async function run(out: string, options: object) {
  const events: StudyEvent[] = [];
  for await (const event of study({ out, study: small, ...options })) events.push(event);
  return events;
}
const tableIn = (out: string): string =>
  readFileSync(join(out, "table.md"), "utf8").split("## Time and memory")[0] ?? "";

let queue: Server | undefined;
let server: Server | undefined;
let store: ObjectStore;
const address = "s3://studies/mine";

beforeAll(async () => {
  if (!canRun) return;
  await writeTinyDataset(data, { train: 10, val: 4 });
  queue = await startQueue(program, folder);
  server = await startStore(folder);
  Object.assign(process.env, storeKeys, { AWS_ENDPOINT_URL_S3: server.address });
  store = await connectS3(address);
}, 120_000);
afterAll(() => {
  queue?.stop();
  server?.stop();
});

/** A worker of a machine of its own: nothing is in its cache. */
function startWorker(name: string) {
  const cache = join(folder, `cache-${name}`);
  const before = process.env.RLRR_CACHE;
  process.env.RLRR_CACHE = cache;
  const worker = start(["worker", "--queue", queue?.address ?? "", "--json"]);
  process.env.RLRR_CACHE = before;
  return { worker, ended: ending(worker), cache };
}

/** Killed once the state of a trial has been saved so often that it has trained for some steps. */
async function dieAmid(name: string): Promise<string> {
  const { worker, ended, cache } = startWorker(name);
  const states = async () => [...(await store.list("states/")).keys()].filter((key) => key.endsWith(".json"));
  const before = new Set(await states());
  const isAmid = async () => {
    const ours = (await states()).filter((key) => !before.has(key)).map((key) => key.split("/")[1]);
    return ours.some((trial) => ours.filter((other) => other === trial).length >= 4);
  };
  while (!(await isAmid())) await setTimeout(20);
  worker.kill("SIGKILL");
  const { stdout } = await ended;
  rmSync(cache, { recursive: true, force: true });
  return stdout;
}

describe.skipIf(!canRun)(
  canRun
    ? `a study through SeaweedFS and ${program}`
    : "a study through a store (needs weed of SeaweedFS, and valkey-server or redis-server)",
  () => {
    const shared = join(folder, "shared");

    it("gives the table of one machine from three that share no folder, one killed twice amid a trial", async () => {
      await run(join(folder, "alone"), { processes: 1 });
      const workers: ReturnType<typeof startWorker>[] = [];
      let said = "";
      let working: Promise<void> | undefined;
      const work = async () => {
        for (const time of ["first", "second"]) said += await dieAmid(time);
        workers.push(...["a", "b", "c"].map(startWorker));
      };
      for await (const event of study({
        out: shared,
        study: small,
        queue: queue?.address,
        bucket: address,
      })) {
        if (event.type !== "study-progress" || working) continue;
        // Whoever needed it from here would fail.
        renameSync(data, `${data}-away`);
        working = work();
      }
      await working;
      for (const { worker } of workers) worker.kill("SIGINT");
      for (const { ended } of workers) said += (await ended).stdout;
      const events = said
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line));
      const resumed = events.filter(({ type }) => type === "resumed");
      expect(resumed.length).toBeGreaterThanOrEqual(2);
      for (const { step } of resumed) expect(step).toBeGreaterThan(0);
      expect(tableIn(shared)).toBe(tableIn(join(folder, "alone")));
    }, 300_000);

    it("leaves in the store what it was made of, its results and its table, and no states", async () => {
      const keys = [...(await store.list("")).keys()];
      const kinds = new Map<string, number>();
      for (const key of keys) {
        const kind = key.split("/")[0] ?? "";
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      }
      expect(Object.fromEntries(kinds)).toMatchObject({
        ...{ data: 1, models: 1, results: 5, "table.md": 1, "table.html": 1 },
        ...{ "results.jsonl": 1, "study.json": 1 },
      });
      expect(kinds.get("features")).toBeGreaterThan(0);
      expect(kinds.has("states")).toBe(false);
      expect(Buffer.from((await store.get("table.md")) ?? []).toString()).toBe(
        readFileSync(join(shared, "table.md"), "utf8"),
      );
      const kept = readdirSync(join(shared, "trials"));
      expect(kept).toHaveLength(2);
      for (const name of kept)
        expect(existsSync(join(shared, "trials", name, "adapter", "adapter_model.safetensors"))).toBe(true);
    });

    it("needs no worker where the store has the results already", async () => {
      renameSync(`${data}-away`, data);
      const again = join(folder, "again");
      await run(again, { queue: queue?.address, bucket: address });
      expect(tableIn(again)).toBe(tableIn(join(folder, "alone")));
    }, 60_000);

    it("ends a worker that may not read it, and leaves its trial to others", async () => {
      const out = join(folder, "refused");
      const other = "s3://studies/other";
      const probe: StudyInput = { ...small, methods: ["linear"] };
      const events = study({ out, study: probe, queue: queue?.address, bucket: other });
      const before = process.env.AWS_SECRET_ACCESS_KEY;
      let stranger: ReturnType<typeof startWorker> | undefined;
      let worker: ReturnType<typeof startWorker> | undefined;
      for await (const { type } of events) {
        if (type !== "study-progress" || stranger) continue;
        process.env.AWS_SECRET_ACCESS_KEY = "another";
        stranger = startWorker("stranger");
        process.env.AWS_SECRET_ACCESS_KEY = before;
        const { code, stderr } = await stranger.ended;
        expect(code).toBe(2);
        expect(stderr).toContain(`${other}: the store refuses the credentials (SignatureDoesNotMatch)`);
        worker = startWorker("friend");
      }
      worker?.worker.kill("SIGINT");
      await worker?.ended;
      expect(tableIn(out)).toContain("| linear |");
    }, 300_000);
  },
);

describe("a store", () => {
  it("is for workers of a queue", async () => {
    await expect(run(join(folder, "none"), { bucket: address })).rejects.toThrow(
      "bucket is for workers of a queue: give that too, or leave the bucket out.",
    );
  });
});
