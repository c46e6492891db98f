/** A repository of the hub that is pushed to: whose token it is, what is there, and making it. */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { createRepo, HubApiError, modelInfo, type PathInfo, pathsInfo, whoAmI } from "@huggingface/hub";
import { EngineError, InputError } from "../errors.ts";
import { type HubClient, MAX_ANSWER_BYTES } from "../model/hub-fetch.ts";
import type { Outgoing } from "./list-files.ts";
import { tokenPage } from "./push-problem.ts";

/** The client itself puts the token into each request to the hub, and into none that goes elsewhere. */
const accessToken = "";

export interface Target {
  readonly client: HubClient;
  /** `owner/name`. */
  readonly name: string;
}

/** A repository as it is. */
export interface Repository {
  readonly commit: string;
  readonly isPrivate: boolean;
}

export type FileState = "new" | "same" | "changed";

const asking = (client: HubClient) => ({ hubUrl: client.hubUrl, fetch: client.fetchUpTo(MAX_ANSWER_BYTES) });

/** Refuses a token that cannot push to `name`, in words that say why. A fine-grained one is for the hub to judge. */
export async function checkToken({ client, name }: Target): Promise<void> {
  const about = await whoAmI({ accessToken, ...asking(client) });
  const role: unknown = about.auth?.accessToken?.role;
  if (role === "read")
    throw new InputError(`HF_TOKEN may only read. Make one that may write at ${tokenPage(client.hubUrl)}.`);
  if (role !== "write" || about.type !== "user") return;
  const owners = [about.name, ...(about.orgs ?? []).map((org) => org.name)];
  const [owner = "", own = ""] = name.split("/");
  if (owners.some((one) => String(one).toLowerCase() === owner.toLowerCase())) return;
  throw new InputError(
    `${name}: HF_TOKEN is ${about.name}'s, who is not ${owner} nor in an organisation of that name. Push to ${about.name}/${own}, or use another token.`,
  );
}

/** Nothing where there is no such repository, or none that may be seen. */
export async function findRepository({ client, name }: Target): Promise<Repository | undefined> {
  const about = await modelInfo({
    name,
    revision: "main",
    additionalFields: ["sha"],
    ...asking(client),
  }).catch((error: unknown) => {
    if (error instanceof HubApiError && error.statusCode === 404) return undefined;
    throw error;
  });
  if (about === undefined) return undefined;
  const commit = String(about.sha);
  if (!/^[0-9a-f]{40}$/.test(commit)) throw new EngineError(`${client.hubUrl} gives no commit for ${name}.`);
  return { commit, isPrivate: about.private === true };
}

/** Makes the repository; without `isPrivate` it is what its owner's repositories are. */
export async function createRepository({ client, name }: Target, isPrivate: boolean): Promise<Repository> {
  await createRepo({
    repo: { type: "model", name },
    accessToken,
    ...(isPrivate && { visibility: "private" }),
    ...asking(client),
  });
  const made = await findRepository({ client, name });
  if (made === undefined) throw new EngineError(`${client.hubUrl} has made ${name}, but does not find it.`);
  if (isPrivate && !made.isPrivate)
    throw new EngineError(`${client.hubUrl} has made ${name} public, not private. Nothing was sent.`);
  return made;
}

/** How each file compares with what the repository has under its path. */
export async function compareFiles(
  { client, name }: Target,
  { commit }: Repository,
  files: readonly Outgoing[],
): Promise<ReadonlyMap<string, FileState>> {
  const infos: readonly PathInfo[] = await pathsInfo({
    repo: { type: "model", name },
    paths: files.map(({ path }) => path),
    revision: commit,
    ...asking(client),
  });
  const states = new Map<string, FileState>();
  for (const file of files) {
    const info = infos.find(({ path }) => path === file.path);
    const same = info && info.size === file.bytes && (await hasOid(file, info));
    states.set(file.path, info === undefined ? "new" : same ? "same" : "changed");
  }
  return states;
}

/** Whether the content is the same: its sha256 where the hub keeps it as a large file, else git's sha1. */
async function hasOid({ content, bytes }: Outgoing, info: PathInfo): Promise<boolean> {
  const hash = info.lfs ? createHash("sha256") : createHash("sha1").update(`blob ${bytes}\0`);
  if ("text" in content) hash.update(content.text);
  else for await (const chunk of createReadStream(content.file)) hash.update(chunk as Buffer);
  return hash.digest("hex") === (info.lfs?.oid ?? info.oid);
}
