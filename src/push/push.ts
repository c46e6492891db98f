/** Pushes an adapter or a model to the Hugging Face hub: lists what is sent, sends it, and sees that it has arrived. */

import { setTimeout as sleep } from "node:timers/promises";
import { EngineError, InputError } from "../errors.ts";
import { checkOptions, checkPath, type KnownOptions } from "../files/check-options.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";
import { checkedHubUrl, isOffline, parseHubId } from "../model/hub.ts";
import { openHubClient } from "../model/hub-fetch.ts";
import { type Chosen, chooseFiles, sendsImageHashes } from "./choose-files.ts";
import {
  checkToken,
  compareFiles,
  createRepository,
  type FileState,
  findRepository,
  type Repository,
  type Target,
} from "./hub-repository.ts";
import type { LeftOut, Outgoing } from "./list-files.ts";
import { isPassing, pushProblem, tokenPage } from "./push-problem.ts";
import { sendFiles } from "./send-files.ts";

const ATTEMPTS = limits.ATTEMPTS.value;
const PAUSE_MS = 500;

export interface PushOptions {
  /** `owner/name`. */
  readonly to: string;
  /** Whether a repository that has to be made is private. */
  readonly private?: boolean | undefined;
  /** Whether files of the repository that differ are replaced. */
  readonly overwrite?: boolean | undefined;
  /** Paths in the folder that are not sent. */
  readonly leaveOut?: readonly string[] | undefined;
  /** Whether everything is only listed and checked, and nothing is sent or made. */
  readonly dryRun?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with what will be sent, before anything is. */
  readonly onPlan?: ((plan: PushPlan) => void | Promise<void>) | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

const known: KnownOptions<PushOptions> = {
  ...{ to: true, private: true, overwrite: true, leaveOut: true, dryRun: true },
  ...{ signal: true, onPlan: true, onProgress: true },
};

export interface PlannedFile {
  readonly path: string;
  readonly bytes: number;
  /** Compared with the repository; absent where it was not asked. */
  readonly state?: FileState | undefined;
}

export interface PushPlan {
  readonly source: string;
  /** The page of the repository. */
  readonly url: string;
  readonly kind: Chosen["kind"];
  /** Of a repository that is there: whether it is private. */
  readonly repository?: { readonly private: boolean } | undefined;
  readonly files: readonly PlannedFile[];
  readonly leftOut: readonly LeftOut[];
  readonly notes: readonly string[];
}

export interface Pushed {
  readonly url: string;
  readonly private: boolean;
  /** Whether the repository was made. */
  readonly created: boolean;
  /** What was sent: fewer than were planned where some were there. */
  readonly files: number;
  readonly bytes: number;
  /** The repository's commit that has all of them. */
  readonly commit: string;
}

/** Nothing where it was a dry run. */
export async function push(source: string, options: PushOptions): Promise<Pushed | undefined> {
  checkOptions(options, { verb: "push", known });
  checkPath(source, { what: "push: what to push" });
  const name = checkName(options.to);
  const { leaveOut = [], signal, dryRun = false } = options;
  const chosen = await chooseFiles(source, leaveOut);
  const url = checkedHubUrl();
  const token = process.env.HF_TOKEN;
  const unasked = isOffline() ? "HF_HUB_OFFLINE is set" : token ? undefined : "HF_TOKEN is not set";
  const plan = { ...chosen, source, url: `${url}/${name}` };
  if (unasked !== undefined) {
    if (!dryRun) throw new InputError(howToBegin(unasked, url));
    const note = `${unasked}, so the hub was not asked what it has.`;
    await options.onPlan?.({ ...planned(plan), notes: [...notesOf(chosen), note] });
    return undefined;
  }
  const client = openHubClient({ hubUrl: url, token, signal });
  try {
    return await pushTo({ client, name }, plan, options);
  } catch (error) {
    signal?.throwIfAborted();
    throw pushProblem(error, { name, url });
  } finally {
    client.close();
  }
}

const howToBegin = (why: string, url: string): string =>
  why.startsWith("HF_HUB_OFFLINE")
    ? `${why}; unset it to push.`
    : `${why}: the hub must know who pushes. Make a token that may write at ${tokenPage(url)}, and set HF_TOKEN to it.`;

function checkName(to: unknown): string {
  const hub = typeof to === "string" ? parseHubId(to) : undefined;
  if (hub && !String(to).includes("@")) return hub.name;
  throw new InputError(
    (show) => `${show("to")} must be owner/name, as in ada/flowers, got ${showValue(to)}.`,
  );
}

type Plan = Chosen & { readonly source: string; readonly url: string };

const planned = (
  { source, url, kind, files, leftOut }: Plan,
  states?: ReadonlyMap<string, FileState>,
): Omit<PushPlan, "notes"> => ({
  ...{ source, url, kind, leftOut },
  files: files.map(({ path, bytes }) => ({ path, bytes, ...(states && { state: states.get(path) }) })),
});

const notesOf = (chosen: Chosen): readonly string[] => [
  ...chosen.notes,
  ...(sendsImageHashes(chosen)
    ? ["training_images.json lets whoever has an image tell whether it was trained on, and holds no image."]
    : []),
];

async function pushTo(target: Target, plan: Plan, options: PushOptions): Promise<Pushed | undefined> {
  const { name } = target;
  const isPrivate = options.private === true;
  await checkToken(target);
  const before = await findRepository(target);
  if (before && isPrivate && !before.isPrivate)
    throw new InputError(
      (show) =>
        `${name} is there already, and public. Make it private at ${plan.url}/settings, name another repository, or leave out ${show("private", true)}.`,
    );
  const states = before
    ? await compareFiles(target, before, plan.files)
    : new Map(plan.files.map(({ path }) => [path, "new" as const]));
  await options.onPlan?.({
    ...planned(plan, states),
    ...(before && { repository: { private: before.isPrivate } }),
    notes: notesOf(plan),
  });
  if (!options.overwrite) refuseChanged(name, states);
  if (options.dryRun) return undefined;
  const repository = before ?? (await createRepository(target, isPrivate));
  const sent = await sendUntilThere(target, plan.files, { ...options, kind: plan.kind, repository });
  return { url: plan.url, created: before === undefined, ...sent };
}

function refuseChanged(name: string, states: ReadonlyMap<string, FileState>): void {
  const changed = [...states].filter(([, state]) => state === "changed").map(([path]) => path);
  if (changed.length === 0) return;
  throw new InputError(
    (show) =>
      `${name} has other files of these names: ${changed.join(", ")}. Replace them with ${show("overwrite", true)}, leave them out with ${show("leaveOut")}, or name another repository.`,
  );
}

interface Sending extends PushOptions {
  readonly kind: Chosen["kind"];
  readonly repository: Repository;
}

/** Sends what differs, again where the line broke, until the repository has every file as it is here. */
async function sendUntilThere(
  target: Target,
  files: readonly Outgoing[],
  options: Sending,
): Promise<Omit<Pushed, "url" | "created">> {
  const { signal } = options;
  const sent = new Set<Outgoing>();
  let { repository } = options;
  let problem: unknown;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await sleep(PAUSE_MS * attempt, undefined, { ...(signal && { signal }) });
    try {
      if (attempt > 0) repository = (await findRepository(target)) ?? repository;
      const missing = await missingOf(target, repository, { files, ...options });
      for (const file of missing) sent.add(file);
      const commit =
        missing.length === 0 ? repository.commit : await send(target, repository, { missing, ...options });
      const bytes = [...sent].reduce((sum, file) => sum + file.bytes, 0);
      return { private: repository.isPrivate, commit, files: sent.size, bytes };
    } catch (error) {
      signal?.throwIfAborted();
      if (!isPassing(error)) throw error;
      problem = error;
    }
  }
  const why = pushProblem(problem, { name: target.name, url: target.client.hubUrl }).message;
  throw new EngineError(
    `${target.name}: the push has stopped before everything was there. ${why} Run the same command again: what has arrived is not sent twice.`,
    { cause: problem },
  );
}

/** What the repository does not have as it is here; what it has otherwise may not be lost unasked. */
async function missingOf(
  target: Target,
  repository: Repository,
  { files, overwrite = false }: { readonly files: readonly Outgoing[] } & Sending,
): Promise<readonly Outgoing[]> {
  const states = await compareFiles(target, repository, files);
  if (!overwrite) refuseChanged(target.name, states);
  return files.filter(({ path }) => states.get(path) !== "same");
}

/** Sends, and asks for each file at the commit that this gave. */
async function send(
  target: Target,
  repository: Repository,
  { missing, kind, signal, onProgress }: { readonly missing: readonly Outgoing[] } & Sending,
): Promise<string> {
  const title = `Add an rlrr ${kind}`;
  const commit = await sendFiles(target, { repository, files: missing }, { title, signal, onProgress });
  const states = await compareFiles(target, { ...repository, commit }, missing);
  const lost = missing.filter(({ path }) => states.get(path) !== "same").map(({ path }) => path);
  if (lost.length === 0) return commit;
  throw new EngineError(
    `${target.client.hubUrl} took all files of ${target.name}, but has other bytes than were sent of ${lost.join(", ")}.`,
  );
}
