import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FileError } from "../errors.ts";
import { decodeImage } from "../images/decode.ts";
import { type ImageStore, openImageStore } from "../images/image-store.ts";
import { applySteps } from "../preprocessing/preprocess.ts";
import { defaultSteps, evaluationSteps } from "../preprocessing/step-list.ts";
import type { Step } from "../preprocessing/steps.ts";
import { randomStream } from "../random.ts";
import { type Batch, type BatchOptions, batches } from "./batches.ts";
import { findBadImages, renderBadImages } from "./check-images.ts";
import type { Example } from "./dataset.ts";

let folder = "";
let store: ImageStore;
let examples: readonly Example[] = [];
const [resize, normalize] = defaultSteps([6, 8]) as [Step, Step];
const steps = [resize, normalize];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rlrr-batches-"));
  store = openImageStore({ threads: 1 });
  examples = await Promise.all(
    Array.from({ length: 7 }, async (_, index) => {
      const path = join(folder, `${index}.png`);
      const width = 5 + index;
      const raw = Uint8Array.from({ length: width * 9 * 3 }, (_, at) => (at * (31 + index)) % 256);
      await sharp(raw, { raw: { width, height: 9, channels: 3 } })
        .png()
        .toFile(path);
      return { path, label: index % 3 };
    }),
  );
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

async function collect(options: Partial<BatchOptions> = {}): Promise<Batch[]> {
  const all: Batch[] = [];
  for await (const batch of batches(examples, { store, steps, batchSize: 3, ...options })) all.push(batch);
  return all;
}
const row = ({ images }: Batch, at: number) => images.subarray(at * 3 * 6 * 8, (at + 1) * 3 * 6 * 8);

describe("batches", () => {
  it("gives every example once, in order, and pads the last batch with zeros", async () => {
    const all = await collect();
    expect(all.map(({ count }) => count)).toEqual([3, 3, 1]);
    expect(all.map(({ indices }) => indices)).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
    expect(all.map(({ labels }) => [...labels])).toEqual([
      [0, 1, 2],
      [0, 1, 2],
      [0, 0, 0],
    ]);
    for (const [index, { path }] of examples.entries()) {
      const batch = all[Math.floor(index / 3)];
      if (batch === undefined) throw new Error("a batch is missing");
      expect(row(batch, index % 3)).toEqual(applySteps(await decodeImage(path), steps));
    }
    const last = all[2];
    expect(last?.images.length).toBe(3 * 3 * 6 * 8);
    expect(last?.images.subarray(3 * 6 * 8).every((x) => x === 0)).toBe(true);
  });

  it("follows the order given, which may leave out and repeat", async () => {
    const [batch] = await collect({ order: [6, 0, 6] });
    if (batch === undefined) throw new Error("a batch is missing");
    expect([...batch.labels]).toEqual([0, 0, 0]);
    expect(row(batch, 0)).toEqual(row(batch, 2));
    expect(row(batch, 0)).not.toEqual(row(batch, 1));
    expect(await collect({ order: [] })).toEqual([]);
  });

  const random: Step[] = [
    ["randomResizedCrop", { size: [6, 8], scale: [0.3, 1], ratio: [0.75, 1.4], filter: "bilinear" }],
    ["randomHorizontalFlip", { probability: 0.5 }],
    normalize,
  ];
  it("draws by example, so that order, batch size and threads change nothing", async () => {
    const randomFor = (epoch: number) => (index: number) => randomStream(1, "augment", epoch, index).next;
    const [a, , c] = await collect({ steps: random, randomFor: randomFor(0) });
    const [other] = await collect({ steps: random, randomFor: randomFor(0), order: [6, 5, 0], batchSize: 4 });
    const [later] = await collect({ steps: random, randomFor: randomFor(1) });
    if (a === undefined || c === undefined || other === undefined || later === undefined)
      throw new Error("a batch is missing");
    expect(row(other, 0)).toEqual(row(c, 0));
    expect(row(other, 2)).toEqual(row(a, 0));
    expect(row(later, 0)).not.toEqual(row(a, 0));
    expect(row(a, 0)).toEqual(
      applySteps(await decodeImage(examples[0]?.path ?? ""), random, { random: randomFor(0)(0) }),
    );
  });

  it("keeps what is cached as it was, however often it is flipped", async () => {
    const flip: Step[] = [resize, ["randomHorizontalFlip", { probability: 1 }], normalize];
    const flipped = await collect({ steps: flip, randomFor: () => () => 0 });
    expect(await collect({ steps: flip, randomFor: () => () => 0 })).toEqual(flipped);
    expect(await collect({ steps: evaluationSteps(flip) })).toEqual(await collect());
  });

  it("gives the same without a cache", async () => {
    const bare = openImageStore({ threads: 2, cacheBytes: 0 });
    expect(await collect({ store: bare })).toEqual(await collect());
    await bare.close();
  });

  it("works ahead of the caller", async () => {
    const seen: string[] = [];
    const watched: ImageStore = {
      ...store,
      load: (source, steps) => {
        seen.push(String(source));
        return store.load(source, steps);
      },
    };
    const stream = batches(examples, { store: watched, steps, batchSize: 1, prefetch: 2 });
    await stream.next();
    expect(seen).toHaveLength(3);
    await stream.next();
    expect(seen).toHaveLength(4);
    await stream.return();
    expect(seen).toHaveLength(4);
  });

  it("stops when aborted, also while it waits", async () => {
    const controller = new AbortController();
    const stream = batches(examples, { store, steps, batchSize: 2, signal: controller.signal });
    await stream.next();
    controller.abort(new Error("enough"));
    await expect(stream.next()).rejects.toThrow("enough");
    const stuck: ImageStore = { ...store, load: () => new Promise(() => {}) };
    const later = new AbortController();
    const waiting = batches(examples, { store: stuck, steps, batchSize: 2, signal: later.signal }).next();
    setTimeout(() => later.abort(new Error("enough")), 5);
    await expect(waiting).rejects.toThrow("enough");
  });

  it("names the file that went bad on the way", async () => {
    const gone = [...examples, { path: join(folder, "gone.png"), label: 0 }];
    const stream = batches(gone, { store, steps, batchSize: 8 });
    await expect(stream.next()).rejects.toThrow(
      new FileError(`${join(folder, "gone.png")} cannot be read: no such file.`),
    );
  });

  it("does not keep the process alive, closed or not", async () => {
    const script = `
      import { openImageStore } from ${JSON.stringify(new URL("../images/image-store.ts", import.meta.url).href)};
      const store = openImageStore({ threads: 2 });
      console.log((await store.load(${JSON.stringify(examples[0]?.path)}, [])).width);`;
    const cwd = fileURLToPath(new URL("../..", import.meta.url));
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--import", "tsx", "--input-type=module", "-e", script],
      { cwd, timeout: 20_000 },
    );
    expect(stdout).toBe("5\n");
  });
});

describe("findBadImages", () => {
  it("finds every bad file, in order, once each, and reports progress", async () => {
    const bad = join(folder, "bad");
    await mkdir(join(bad, "folder.jpg"), { recursive: true });
    const jpeg = await sharp({ create: { width: 90, height: 90, channels: 3, background: "#123456" } })
      .jpeg()
      .toBuffer();
    await writeFile(join(bad, "cut.jpg"), jpeg.subarray(0, jpeg.length - 60));
    await writeFile(join(bad, "empty.jpg"), "");
    await writeFile(join(bad, "text.png"), "not an image");
    const at = (name: string) => ({ path: join(bad, name), label: 0 });
    const seen: string[] = [];
    const found = await findBadImages(
      [
        { examples: [at("text.png"), ...examples, at("cut.jpg"), at("folder.jpg")], steps },
        { examples: [at("empty.jpg"), at("text.png")], steps },
      ],
      { store, onProgress: (done, total) => seen.push(`${done}/${total}`) },
    );
    expect(found).toEqual([
      {
        path: join(bad, "text.png"),
        reason: `${join(bad, "text.png")} is text, not an image. Replace it or remove it.`,
      },
      {
        path: join(bad, "cut.jpg"),
        reason: `${join(bad, "cut.jpg")}: this JPEG file is damaged or cut short (premature end of JPEG image). Replace it or remove it.`,
      },
      {
        path: join(bad, "folder.jpg"),
        reason: `${join(bad, "folder.jpg")} is not a file. Remove it from the data.`,
      },
      {
        path: join(bad, "empty.jpg"),
        reason: `${join(bad, "empty.jpg")} is empty (0 bytes). Replace it or remove it.`,
      },
    ]);
    expect(seen).toEqual(Array.from({ length: 12 }, (_, at) => `${at + 1}/12`));
  });

  it("warms the cache", async () => {
    const warmed = openImageStore({ threads: 1 });
    const loaded: Promise<unknown>[] = [];
    const watched: ImageStore = {
      ...warmed,
      load: (source, steps) => {
        const image = warmed.load(source, steps);
        loaded.push(image);
        return image;
      },
    };
    const one = examples.slice(0, 1);
    expect(await findBadImages([{ examples: one, steps }], { store: watched })).toEqual([]);
    await batches(one, { store: watched, steps, batchSize: 1 }).next();
    const [checked, used] = await Promise.all(loaded);
    expect(used).toBe(checked);
    await warmed.close();
  });

  it("stops when aborted", async () => {
    await expect(
      findBadImages([{ examples, steps }], { store, signal: AbortSignal.abort(new Error("enough")) }),
    ).rejects.toThrow("enough");
  });
});

describe("renderBadImages", () => {
  const bad = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ path: `${at}`, reason: `${at}.jpg is empty.` }));
  it("lists twenty and counts the rest", () => {
    expect(renderBadImages(bad(1))).toBe("1 image cannot be used:\n  0.jpg is empty.");
    const lines = renderBadImages(bad(23)).split("\n");
    expect([lines[0], lines[20], lines[21], lines.length]).toEqual([
      "23 images cannot be used:",
      "  19.jpg is empty.",
      "  … and 3 more.",
      22,
    ]);
  });
});
