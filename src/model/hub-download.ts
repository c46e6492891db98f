/** Downloads one file of the hub into the cache: resumed after connection errors, verified, then renamed. */

import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { downloadFile, type PathInfo } from "@huggingface/hub";
import { EngineError } from "../errors.ts";
import { exists } from "../files/exists.ts";
import { checkFreeSpace } from "../files/free-space.ts";
import { makeFolder } from "../files/make-folder.ts";
import { writeFileAtomically } from "../files/write-file.ts";
import { limits } from "../limits.ts";
import { blobPath, type HubModel, linkBlob } from "./hub-cache.ts";
import { type HubClient, HubSilence } from "./hub-fetch.ts";

export const ATTEMPTS = limits.ATTEMPTS.value;
const PAUSE_MS = 250;

interface Download {
  readonly model: HubModel;
  readonly commit: string;
  readonly info: PathInfo;
  readonly onBytes: (done: number) => void;
}

/** The bytes of a file, asked for again from where they stopped. */
async function* download(
  client: HubClient,
  { model, commit, info, onBytes }: Download,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  let cause: unknown;
  for (let attempt = 0; attempt < ATTEMPTS && (done < info.size || attempt === 0); attempt++) {
    if (attempt > 0)
      await sleep(PAUSE_MS * attempt, undefined, { ...(client.signal && { signal: client.signal }) });
    try {
      const blob = await downloadFile({
        repo: model.name,
        path: info.path,
        revision: commit,
        hubUrl: client.hubUrl,
        fetch: client.fetchUpTo(info.size),
        xet: false, // plain HTTP passes proxies and mirrors, and can be continued
      });
      if (blob === null || blob.size !== info.size)
        throw new EngineError(
          `${client.hubUrl} says that ${info.path} has ${blob?.size ?? 0} bytes, and ${info.size}.`,
        );
      for await (const bytes of blob.slice(done).stream()) {
        if (done + bytes.length > info.size)
          throw new EngineError(
            `${client.hubUrl} sent more than the ${info.size} bytes of ${info.path} of ${model.name}.`,
          );
        done += bytes.length;
        yield bytes;
        onBytes(done);
      }
    } catch (error) {
      client.signal?.throwIfAborted();
      if (error instanceof EngineError) throw error;
      cause = error;
    }
  }
  if (done !== info.size)
    throw new EngineError(
      `${model.name}: the download of ${info.path} stopped after ${done} of ${info.size} bytes${because(cause)}. Run the same command again.`,
      { cause },
    );
}

/** The library passes some reasons on as a text alone. */
function because(cause: unknown): string {
  const reason = cause instanceof HubSilence ? cause.message : cause;
  return typeof reason === "string" ? ` (${reason})` : "";
}

/** What git calls a file's content: its sha256 where it is large, else sha1 over a short header and the bytes. */
function hasherOf(info: PathInfo): { readonly oid: string; readonly hash: ReturnType<typeof createHash> } {
  if (info.lfs) return { oid: info.lfs.oid, hash: createHash("sha256") };
  return { oid: info.oid ?? "", hash: createHash("sha1").update(`blob ${info.size}\0`) };
}

/** Fetches a file to `pointer`, unless its content is in the cache already. */
export async function fetchFile(client: HubClient, download_: Download, pointer: string): Promise<void> {
  const { model, info } = download_;
  const { oid, hash } = hasherOf(info);
  if (!/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(oid))
    throw new EngineError(`${client.hubUrl} gives no usable identity for ${info.path} of ${model.name}.`);
  const blob = blobPath(model, oid);
  if (!(await exists(blob))) {
    await makeFolder(blobPath(model, ""));
    async function* checked(): AsyncGenerator<Uint8Array> {
      for await (const bytes of download(client, download_)) {
        hash.update(bytes);
        yield bytes;
      }
      const actual = hash.digest("hex");
      if (actual !== oid)
        throw new EngineError(
          `${model.name}: ${info.path} arrived damaged (its hash is ${actual}, it should be ${oid}). Run the same command again.`,
        );
    }
    await checkFreeSpace(dirname(blob), { bytes: info.size, what: `${info.path} of ${model.name}` });
    // Another process may fetch the same content at this moment: then it is waited for.
    await writeFileAtomically(blob, checked(), { unless: () => exists(blob), signal: client.signal });
  }
  await linkBlob(blob, pointer);
}
