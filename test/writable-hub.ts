/** A hub on this machine that can be pushed to, and its storage of large files, which is another server. */

import { createHash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface StoredRepository {
  private: boolean;
  commit: string;
  readonly files: Map<string, Buffer>;
  /** The title of each commit. */
  readonly titles: string[];
}

export interface WritableHub {
  readonly url: string;
  readonly repositories: Map<string, StoredRepository>;
  /** Large files by their sha256, committed or not. */
  readonly storage: Map<string, Buffer>;
  /** Method and path of every request to the hub, and of those to its storage. */
  readonly requests: string[];
  /** Bytes that came to the storage, with those of broken lines. */
  received: number;
  /** The Authorization headers that the storage was sent. */
  readonly storageAuthorizations: string[];
  faults: {
    /** So many uploads break after `cutAfter` bytes. */
    cuts?: number;
    cutAfter?: number;
    /** Requests whose path contains this text get the status. */
    refuse?: { readonly path: string; readonly status: number; readonly error?: string };
    /** The next commit is made, but its answer is lost. */
    loseCommit?: boolean;
    /** Somebody else commits before the next commit. */
    overtake?: boolean;
    /** What is committed loses its last byte. */
    truncate?: boolean;
    /** Nothing comes back. */
    silent?: boolean;
    /** Of large files one is kept; the next gets no answer, and this is called. */
    onHeld?: () => void;
  };
  readonly close: () => Promise<void>;
}

export interface HubAccount {
  readonly token: string;
  readonly user: string;
  readonly organisations?: readonly string[];
  readonly role?: "read" | "write" | "fineGrained";
}

const newCommit = (): string => randomBytes(20).toString("hex");
const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
const gitSha = (bytes: Buffer): string =>
  createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
const isLarge = (path: string): boolean => /\.(safetensors|onnx|zip|bin)$/.test(path);

const json = (response: ServerResponse, status: number, value: unknown) => {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(value));
};

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<unknown>;

async function listen(handler: Handler): Promise<{ url: string; close: () => Promise<void> }> {
  // A client that leaves in the middle is nothing to tell of.
  const server = createServer(
    (request, response) => void handler(request, response).catch(() => response.destroy()),
  );
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}`, close };
}

interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
}

/** Serves until closed. Only `account` may write, and only where it is the owner. */
export async function startWritableHub({
  token,
  user,
  organisations = [],
  role = "write",
}: HubAccount): Promise<WritableHub> {
  const hub: Omit<WritableHub, "url" | "close"> = {
    ...{ repositories: new Map(), storage: new Map(), requests: [], received: 0, storageAuthorizations: [] },
    faults: {},
  };

  /** Takes a large file, or breaks the line. */
  const storage = await listen(async (request, response) => {
    hub.storageAuthorizations.push(request.headers.authorization ?? "");
    if (request.headers["content-length"] === undefined) return json(response, 411, { error: "no length" });
    const parts: Buffer[] = [];
    const cut = (hub.faults.cuts ?? 0) > 0 ? hub.faults.cutAfter : undefined;
    if (cut !== undefined) hub.faults.cuts = (hub.faults.cuts ?? 0) - 1;
    let here = 0;
    for await (const part of request) {
      parts.push(part as Buffer);
      here += (part as Buffer).length;
      hub.received += (part as Buffer).length;
      if (cut !== undefined && here >= cut) return request.destroy();
    }
    const bytes = Buffer.concat(parts);
    if (hub.faults.onHeld && hub.storage.size > 0) return hub.faults.onHeld();
    const oid = (request.url ?? "").slice(1);
    if (sha256(bytes) !== oid) return json(response, 400, { error: "another content" });
    hub.storage.set(oid, bytes);
    response.writeHead(200, { ETag: `"${oid}"` }).end();
  });

  const account = ({ response }: Asked) =>
    json(response, 200, {
      ...{ id: "1", type: "user", name: user, orgs: organisations.map((name) => ({ name, type: "org" })) },
      auth: { type: "access_token", accessToken: { displayName: "test", role } },
    });

  const create = async ({ request, response }: Asked) => {
    const { name, organization, visibility, type } = JSON.parse(String(await bodyOf(request)));
    const full = `${organization}/${name}`;
    if (type !== "model") return json(response, 400, { error: "not a model" });
    if (![user, ...organisations].includes(organization))
      return json(response, 403, {
        error: `You don't have the rights to create a model under "${organization}"`,
      });
    if (hub.repositories.has(full))
      return json(response, 409, { error: "You already created this model repo" });
    const files = new Map([[".gitattributes", Buffer.from("*.safetensors filter=lfs\n")]]);
    hub.repositories.set(full, {
      ...{ private: visibility === "private", commit: newCommit(), files, titles: [] },
    });
    return json(response, 200, { url: `${main.url}/${full}`, id: full });
  };

  const info = (repository: StoredRepository, name: string, { response }: Asked) =>
    json(response, 200, {
      ...{ _id: "1", id: name, sha: repository.commit, private: repository.private },
      siblings: [...repository.files.keys()].map((rfilename) => ({ rfilename })),
      lastModified: "2026-01-01",
    });

  const pathsInfo = async ({ files }: StoredRepository, { request, response }: Asked) => {
    const { paths } = JSON.parse(String(await bodyOf(request))) as { paths: string[] };
    const infos = paths.flatMap((path) => {
      const bytes = files.get(path);
      if (bytes === undefined) return [];
      const size = bytes.length;
      const lfs = isLarge(path) && { lfs: { oid: sha256(bytes), size, pointerSize: 130 } };
      return [{ type: "file", path, size, oid: gitSha(bytes), ...lfs }];
    });
    return json(response, 200, infos);
  };

  const preupload = async ({ request, response }: Asked) => {
    const { files } = JSON.parse(String(await bodyOf(request))) as { files: { path: string }[] };
    const modes = files.map(({ path }) => ({ path, uploadMode: isLarge(path) ? "lfs" : "regular" }));
    return json(response, 200, { files: modes });
  };

  const batch = async ({ request, response }: Asked) => {
    const { objects } = JSON.parse(String(await bodyOf(request))) as {
      objects: { oid: string; size: number }[];
    };
    const answers = objects.map((object) => ({
      ...object,
      ...(!hub.storage.has(object.oid) && { actions: { upload: { href: `${storage.url}/${object.oid}` } } }),
    }));
    return json(response, 200, { transfer: "basic", objects: answers });
  };

  const commit = async (repository: StoredRepository, { request, response }: Asked) => {
    const lines = String(await bodyOf(request)).split("\n");
    const operations = lines.map(
      (line) => JSON.parse(line) as { key: string; value: Record<string, string> },
    );
    const header = operations.find(({ key }) => key === "header")?.value;
    if (hub.faults.overtake) {
      repository.commit = newCommit();
      hub.faults.overtake = false;
    }
    if (header?.parentCommit !== repository.commit) return json(response, 412, { error: "not the head" });
    for (const { key, value } of operations) {
      const large = hub.storage.get(value.oid ?? "");
      if (key === "lfsFile" && !large) return json(response, 400, { error: "not uploaded" });
      const bytes = key === "file" ? Buffer.from(value.content ?? "", "base64") : large;
      if (bytes && value.path !== undefined)
        repository.files.set(value.path, hub.faults.truncate ? bytes.subarray(1) : bytes);
    }
    repository.titles.push(header?.summary ?? "");
    repository.commit = newCommit();
    if (hub.faults.loseCommit) {
      hub.faults.loseCommit = false;
      return response.destroy();
    }
    return json(response, 200, {
      commitOid: repository.commit,
      commitUrl: `${main.url}/commit`,
      success: true,
    });
  };

  const ofRepository = (asked: Asked) => {
    const { path } = asked;
    const [, model, rest = ""] =
      /^\/api\/models\/([^/]+\/[^/]+)\/(.*)$/.exec(path) ?? /^\/(.+)\.git\/(.*)$/.exec(path) ?? [];
    const repository = hub.repositories.get(model ?? "");
    if (model === undefined || !repository)
      return json(asked.response, 404, { error: "Repository not found" });
    if (rest.startsWith("revision/")) return info(repository, model, asked);
    if (rest.startsWith("paths-info/")) return pathsInfo(repository, asked);
    if (![user, ...organisations].includes(model.split("/")[0] ?? ""))
      return json(asked.response, 403, { error: "Forbidden: you cannot write here." });
    if (rest === "preupload/main") return preupload(asked);
    if (rest === "info/lfs/objects/batch") return batch(asked);
    if (rest === "commit/main") return commit(repository, asked);
    return json(asked.response, 404, { error: "no such address" });
  };

  const main = await listen(async (request, response) => {
    const { pathname: path } = new URL(request.url ?? "/", "http://hub");
    hub.requests.push(`${request.method} ${path}`);
    const { refuse, silent } = hub.faults;
    if (silent) return;
    if (refuse && path.includes(refuse.path)) {
      await bodyOf(request);
      return json(response, refuse.status, { error: refuse.error ?? "as told" });
    }
    if (request.headers.authorization !== `Bearer ${token}`) {
      await bodyOf(request);
      return json(response, 401, { error: "Invalid username or password." });
    }
    const asked = { request, response, path };
    if (path === "/api/whoami-v2") return account(asked);
    if (path === "/api/repos/create") return create(asked);
    return ofRepository(asked);
  });

  const close = async () => {
    await main.close();
    await storage.close();
  };
  return Object.assign(hub, { url: main.url, close });
}
