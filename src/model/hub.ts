/** A model of the Hugging Face hub: the few files needed of it, from the cache or the network. */

import { basename, join } from "node:path";
import { HubApiError, modelInfo, type PathInfo, pathsInfo } from "@huggingface/hub";
import { EngineError, FileError, InputError, RlrrError, type Wording } from "../errors.ts";
import { exists } from "../files/exists.ts";
import { MAX_JSON_BYTES } from "../files/read-json.ts";
import { limits } from "../limits.ts";
import { cachedCommit, type HubModel, rememberCommit, snapshotFolder } from "./hub-cache.ts";
import { type Contents, modelContents } from "./hub-contents.ts";
import { fetchFile } from "./hub-download.ts";
import { type HubClient, HubSilence, MAX_ANSWER_BYTES, openHubClient } from "./hub-fetch.ts";

export interface HubOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (file: string, done: number, total: number) => void;
  /**
   * False where not the user names the model's place on the hub but an adapter, a run or this program: then a copy in the cache
   * is used without asking the hub, and the hub is asked without the user's token.
   */
  readonly sendToken?: boolean | undefined;
  /** The files of a model that the program names itself, so that a user without a network can be told which to fetch. */
  readonly files?: readonly string[] | undefined;
  /** What is fetched of it: by default a model. */
  readonly contents?: Contents | undefined;
}

export interface HubFolder {
  readonly folder: string;
  /** The commit that its files are of. */
  readonly commit: string;
  readonly notes: readonly string[];
}

export const MAX_FILE_BYTES = limits.MAX_HUB_FILE_BYTES.value;

/** The hub's address, without a slash at its end. */
export const hubUrl = (): string => (process.env.HF_ENDPOINT || "https://huggingface.co").replace(/\/+$/, "");

/** Whether the user wants no request to be sent. */
export const isOffline = (): boolean => /^(1|on|yes|true)$/i.test(process.env.HF_HUB_OFFLINE ?? "");

/** `organisation/name`, with `@revision` behind it where the main branch is not meant. */
export function parseHubId(text: string): HubModel | undefined {
  const match = /^(\w[\w.-]{0,95}\/\w[\w.-]{0,95})(?:@(\w[\w.-]{0,199}))?$/.exec(text);
  const [, name, revision = "main"] = match ?? [];
  return name === undefined ? undefined : { name, revision };
}

/** Whether the hub is told who the user is, and why not. */
const isAnonymous = ({ sendToken = true }: HubOptions): boolean => !sendToken && !!process.env.HF_TOKEN;

/** The hub's address; refuses one that is none. */
export function checkedHubUrl(): string {
  const url = hubUrl();
  if (URL.canParse(url)) return url;
  throw new InputError(`HF_ENDPOINT must be a URL such as https://huggingface.co, got "${url}".`);
}

function clientOf(options: HubOptions): HubClient {
  const url = checkedHubUrl();
  const token = isAnonymous(options) ? undefined : process.env.HF_TOKEN;
  return openHubClient({ hubUrl: url, token, signal: options.signal });
}

/** What went wrong with the hub, by who must act; `undefined` where the hub could not be reached at all. */
function hubProblem(
  error: unknown,
  { name, revision }: HubModel,
  { url, anonymous }: { readonly url: string; readonly anonymous: boolean },
): Error | undefined {
  if (error instanceof RlrrError) return error;
  if (error instanceof HubSilence) return undefined;
  if (!(error instanceof HubApiError)) {
    if (error instanceof TypeError && error.message === "fetch failed") return undefined;
    const reason = error instanceof Error ? error.message : String(error);
    return new EngineError(`${url} did not answer like the hub (${reason}).`, { cause: error });
  }
  const { statusCode } = error;
  if (statusCode === 401 || statusCode === 403)
    return new InputError(
      anonymous
        ? (show) =>
            `${name}: ${url} refuses access. HF_TOKEN was not sent, because you have not named this model yourself. Name it with ${show("model")} to send your token.`
        : `${name}: ${url} refuses access. There is no such model, or it is private or gated: set HF_TOKEN to a token that may read it.`,
      { cause: error },
    );
  if (statusCode === 404)
    return new InputError(
      `${name}: there is no file or folder of that name, and ${url} has no such model${revision === "main" ? "" : ` or revision "${revision}"`}.`,
      { cause: error },
    );
  return new EngineError(`${name}: ${url} answered with status ${statusCode}. Try again later.`, {
    cause: error,
  });
}

/** Where to find, and how to give, a model that cannot be fetched from here. */
function byHand({ name, revision }: HubModel, { files = [] }: HubOptions): Wording {
  if (files.length === 0) return () => "";
  const urls = files.map((file) => `\n  ${hubUrl()}/${name}/resolve/${revision}/${file}`).join("");
  return (show) =>
    `\nOr fetch its files elsewhere, put them into one folder, and give that folder as ${show("model")}:${urls}`;
}

/** What is said first of a model that cannot be had: a name that the user gave may have meant a file. */
const notHere = ({ name }: HubModel, { files, sendToken }: HubOptions): string =>
  files || sendToken === false ? `${name}:` : `${name}: there is no file or folder of that name, and`;

/** The cached snapshot, where it has all that is needed. */
export async function cachedFolder(
  model: HubModel,
  { isComplete }: Contents = modelContents,
): Promise<string | undefined> {
  const commit = await cachedCommit(model);
  if (commit === undefined) return undefined;
  const folder = snapshotFolder(model, commit);
  return (await isComplete(folder)) ? folder : undefined;
}

interface Snapshot {
  readonly model: HubModel;
  readonly commit: string;
  readonly folder: string;
}

function mostBytes(file: string): number {
  if (file === "tokenizer.json") return limits.MAX_TOKENIZER_BYTES.value;
  return file.endsWith(".json") ? MAX_JSON_BYTES : MAX_FILE_BYTES;
}

async function fetchFiles(
  client: HubClient,
  { model, commit, folder }: Snapshot,
  { files, onProgress }: { readonly files: readonly string[] } & HubOptions,
): Promise<void> {
  const present = await Promise.all(files.map((file) => exists(join(folder, file))));
  const missing = files.filter((_, index) => !present[index]);
  if (missing.length === 0) return;
  const infos: readonly PathInfo[] = await pathsInfo({
    repo: model.name,
    paths: [...missing],
    revision: commit,
    hubUrl: client.hubUrl,
    fetch: client.fetchUpTo(MAX_ANSWER_BYTES),
  });
  for (const file of missing) {
    const info = infos.find(({ path }) => path === file);
    if (info === undefined) throw new FileError(`${model.name}: the hub lists ${file} but does not have it.`);
    const most = mostBytes(file);
    if (!Number.isSafeInteger(info.size) || info.size < 0 || info.size > most)
      throw new FileError(`${model.name}: ${file} has ${info.size} bytes; at most ${most} are allowed.`);
    const onBytes = (done: number) => onProgress?.(file, done, info.size);
    await fetchFile(client, { model, commit, info, onBytes }, join(folder, file));
  }
}

async function fetchSnapshot(client: HubClient, model: HubModel, options: HubOptions): Promise<string> {
  const about = await modelInfo({
    name: model.name,
    revision: model.revision,
    hubUrl: client.hubUrl,
    fetch: client.fetchUpTo(MAX_ANSWER_BYTES),
    additionalFields: ["sha", "filePaths"],
  });
  const commit = String(about.sha);
  if (!/^[0-9a-f]{40}$/.test(commit))
    throw new EngineError(`${client.hubUrl} gives no commit for ${model.name}.`);
  const available = new Set(about.filePaths);
  const folder = snapshotFolder(model, commit);
  for (const round of (options.contents ?? modelContents).rounds) {
    const files = await round({ name: model.name, available, folder });
    await fetchFiles(client, { model, commit, folder }, { ...options, files });
  }
  await rememberCommit(model, commit);
  return folder;
}

/** The folder of a snapshot has the name of its commit. */
const ofCommit = (folder: string) => ({ folder, commit: basename(folder) });

/** The folder with a model's files, which are fetched where the cache lacks them. */
export async function fetchModel(model: HubModel, options: HubOptions = {}): Promise<HubFolder> {
  if (isOffline()) {
    const folder = await cachedFolder(model, options.contents);
    if (folder !== undefined) return { ...ofCommit(folder), notes: [] };
    throw new InputError(
      (show) =>
        `${notHere(model, options)} the model is not in the cache. HF_HUB_OFFLINE is set; unset it to download.${byHand(model, options)(show)}`,
    );
  }
  const kept = options.sendToken === false ? await cachedFolder(model, options.contents) : undefined;
  if (kept !== undefined) return { ...ofCommit(kept), notes: [] };
  const client = clientOf(options);
  try {
    return { ...ofCommit(await fetchSnapshot(client, model, options)), notes: [] };
  } catch (error) {
    options.signal?.throwIfAborted();
    const problem = hubProblem(error, model, { url: client.hubUrl, anonymous: isAnonymous(options) });
    if (problem !== undefined) throw problem;
    const folder = await cachedFolder(model, options.contents);
    const reason = error instanceof HubSilence ? ` (${error.message})` : "";
    if (folder !== undefined)
      return {
        ...ofCommit(folder),
        notes: [`${client.hubUrl} could not be reached${reason}; the copy in the cache was used.`],
      };
    throw new EngineError(
      (show) =>
        `${notHere(model, options)} ${client.hubUrl} could not be reached${reason}. Check the network, or set HF_ENDPOINT to a mirror.${byHand(model, options)(show)}`,
      { cause: error },
    );
  } finally {
    client.close();
  }
}
