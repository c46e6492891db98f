/** Cases of what names places and holds them: hub answers, hub ids, paths, lock files, folders of runs. */

import { mkdirSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { readAdapter } from "../../src/adapter/adapter-file.ts";
import { findImages } from "../../src/datasets/find-images.ts";
import { readDataset } from "../../src/datasets/read-dataset.ts";
import { RlrrError } from "../../src/errors.ts";
import { takeFileLock } from "../../src/files/file-lock.ts";
import { listTensors } from "../../src/formats/list-tensors.ts";
import { readImageFile } from "../../src/images/image-source.ts";
import { fetchModel, parseHubId } from "../../src/model/hub.ts";
import { locateModel } from "../../src/model/locate-model.ts";
import { openRunFolder } from "../../src/runs/run-folder.ts";
import { takeLock } from "../../src/runs/run-lock.ts";
import { decode, type FuzzCase } from "./fuzz-case.ts";

const name = "someone/tiny-vit";
const commit = "0123456789abcdef0123456789abcdef01234567";

/** What the hub says, request by request; each answer is a status, headers and a body. */
const answers = (files: readonly string[]) => ({
  info: {
    status: 200,
    headers: { "Content-Type": "application/json" },
    body: {
      _id: "1",
      id: name,
      sha: commit,
      siblings: files.map((rfilename) => ({ rfilename })),
      lastModified: "2026-01-01",
    },
  },
  paths: {
    status: 200,
    headers: { "Content-Type": "application/json" },
    body: files.map((path) => ({
      type: "file",
      path,
      size: 2,
      oid: "9e26dfeeb6e641a33dae4961196235bdb965b21b",
    })),
  },
  file: {
    status: 200,
    headers: { ETag: '"9e26dfeeb6e641a33dae4961196235bdb965b21b"', "X-Repo-Commit": commit },
    body: {},
  },
});

interface Answer {
  readonly status?: unknown;
  readonly headers?: unknown;
  readonly body?: unknown;
}

let server: Server | undefined;
let current: Readonly<Record<string, Answer | undefined>> = {};

/** JSON.parse nests deeper than JSON.stringify: such a body is sent as lists of the same kind. */
function textOf(body: unknown): string {
  try {
    return JSON.stringify(body) ?? "";
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
  }
}

/** Node refuses to send some headers at all; those are left out. */
function headersOf({ headers }: Answer): [string, string][] {
  if (headers === null || typeof headers !== "object") return [];
  return Object.entries(headers).flatMap(([key, value]): [string, string][] => {
    const text = typeof value === "object" ? textOf(value) : String(value);
    const sendable = /^[\w-]+$/.test(key) && /^[\t\x20-\x7e]*$/.test(text);
    return sendable && !/^(content-length|transfer-encoding|connection)$/i.test(key) ? [[key, text]] : [];
  });
}

async function startServer(): Promise<string> {
  server ??= createServer((request, response) => {
    const path = request.url ?? "";
    const answer =
      current[/\/resolve\//.test(path) ? "file" : /\/paths-info\//.test(path) ? "paths" : "info"] ?? {};
    const { status, body } = answer;
    const whole = Buffer.from(typeof body === "string" ? body : textOf(body));
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
    const from = Math.min(Number(first ?? 0), whole.length);
    const part = whole.subarray(from, last ? Number(last) + 1 : whole.length);
    const range = first !== undefined && {
      "Content-Range": `bytes ${from}-${from + part.length - 1}/${whole.length}`,
    };
    const usual = first === undefined ? 200 : 206;
    const known = Number.isInteger(status) && Number(status) > 200 && Number(status) <= 599;
    const headers = {
      "Content-Length": String(part.length),
      ...range,
      ...Object.fromEntries(headersOf(answer)),
    };
    response.writeHead(known ? Number(status) : usual, headers);
    response.end(part);
  });
  if (!server.listening) await new Promise<void>((ready) => server?.listen(0, "127.0.0.1", ready));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Sets what the hub's client asks its surroundings, while `work` runs. */
async function withEnvironment(
  values: Readonly<Record<string, string>>,
  work: () => Promise<unknown>,
): Promise<void> {
  const before = Object.fromEntries(Object.keys(values).map((key) => [key, process.env[key]]));
  Object.assign(process.env, values);
  try {
    await work();
  } finally {
    for (const [key, value] of Object.entries(before))
      if (value === undefined) delete process.env[key];
      else process.env[key] = value;
  }
}

/** A file that is there but for its name must be told from one that is not; nothing else may be thrown. */
async function each(works: readonly (() => Promise<unknown>)[]): Promise<void> {
  let first: unknown;
  for (const work of works)
    await work().catch((error: unknown) => {
      if (!(error instanceof RlrrError)) throw error;
      first ??= error;
    });
  if (first !== undefined) throw first;
}

export const placeCases: readonly FuzzCase[] = [
  {
    name: "hub-answers",
    readers: [
      "model/hub.ts fetchModel",
      "model/hub-fetch.ts openHubClient",
      "model/hub-download.ts fetchFile",
    ],
    form: "json",
    share: 0.02,
    corpus: async () =>
      [
        answers(["config.json", "model.safetensors"]),
        answers(["config.json", "model.safetensors.index.json"]),
      ].map((value) => JSON.stringify(value)),
    run: async (input, { folder }) => {
      let value: unknown;
      try {
        value = JSON.parse(decode(input));
      } catch {
        return; // no answers at all
      }
      current = value !== null && typeof value === "object" ? (value as typeof current) : {};
      const cache = join(folder, "hub-cache");
      rmSync(cache, { recursive: true, force: true });
      const surroundings = {
        ...{ HF_ENDPOINT: await startServer(), HF_HUB_CACHE: cache, HF_HUB_OFFLINE: "", HF_TOKEN: "" },
        HF_HUB_DOWNLOAD_TIMEOUT: "1",
      };
      await withEnvironment(surroundings, () => fetchModel({ name, revision: "main" }));
    },
    close: async () => {
      server?.closeAllConnections();
      server?.close();
      server = undefined;
    },
  },
  {
    name: "hub-cache",
    readers: ["model/hub.ts fetchModel"],
    form: "text",
    share: 1,
    corpus: async () => [commit, `${commit}\n`],
    run: async (input, { folder, write }) => {
      const cache = join(folder, "hub-cache");
      const own = `hub-cache/models--${name.replace("/", "--")}`;
      for (const part of ["refs", `snapshots/${commit}`])
        mkdirSync(join(folder, own, part), { recursive: true });
      write(`${own}/refs/main`, input);
      write(`${own}/snapshots/${commit}/model.safetensors`, "");
      await withEnvironment({ HF_HUB_OFFLINE: "1", HF_HUB_CACHE: cache }, () =>
        fetchModel({ name, revision: "main" }),
      );
    },
  },
  {
    name: "hub-ids",
    readers: ["model/hub.ts parseHubId"],
    form: "text",
    share: 60,
    corpus: async () => [name, `${name}@main`, `${name}@${commit}`],
    run: (input) => void parseHubId(decode(input)),
  },
  {
    name: "paths",
    readers: ["model/locate-model.ts locateModel"],
    form: "text",
    share: 6,
    corpus: async () => [
      "photos",
      "models/vit.safetensors",
      "vit-b16",
      name,
      "photos/a.jpg",
      "labels.csv",
      "a.npz",
    ],
    run: (input, { folder }) => {
      const path = join(folder, "nothing", decode(input).replaceAll("..", "."));
      return withEnvironment({ HF_HUB_OFFLINE: "1", HF_HUB_CACHE: join(folder, "hub-cache") }, () =>
        each([
          () => locateModel(path),
          () => locateModel(decode(input).replace(/^[\s\S]*\//, "")),
          () => readDataset(path),
          () => findImages(path),
          () => readImageFile(path),
          () => readAdapter(path),
          () => listTensors(path),
        ]),
      );
    },
  },
  {
    name: "lock-file",
    readers: ["files/file-lock.ts takeFileLock"],
    form: "bytes",
    share: 2,
    corpus: async () => ['{"pid":1,"host":"a"}', "\0\0\0\0", " ".repeat(1024)],
    run: async (input, { write }) => {
      const path = write("some.lock", input);
      const lock = await takeFileLock(path);
      if (typeof lock === "string") return;
      await lock.write('{"pid":1}');
      await lock.release();
    },
  },
  {
    name: "run-folder",
    readers: ["runs/run-folder.ts openRunFolder", "runs/run-lock.ts takeLock"],
    form: "bytes",
    share: 1,
    corpus: async () => ['{"pid":1,"host":"a"}', '{"version":1}', "{}"],
    run: async (input, { folder, write }) => {
      const run = join(folder, "run");
      rmSync(run, { recursive: true, force: true });
      mkdirSync(run);
      write(input.length % 2 === 0 ? "run/run.lock" : "run/run.json", input);
      await each([async () => (await takeLock(run))(), async () => (await openRunFolder(run)).close()]);
    },
  },
];
