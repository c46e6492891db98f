/** A small server on this machine that speaks the hub's protocol: model info, paths-info, resolve with ranges. */

import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";

export interface HubServer {
  readonly url: string;
  /** Method and path of every request so far. */
  readonly requests: string[];
  /** The Authorization header of each, "" where it had none. */
  readonly authorizations: string[];
  /** What goes wrong from now on. */
  faults: {
    /** The connection breaks after so many bytes of each answer with a file of weights. */
    cutAfter?: number;
    /** How many answers are cut; all by default. */
    cuts?: number;
    /** Every answer has this status. */
    status?: number;
    /** Files come with their last byte changed. */
    corrupt?: boolean;
    /** The commit that is named. */
    sha?: string;
    /** The size that is listed for every file. */
    size?: number;
    /** Files of weights come with so many more bytes, without a length, and compressed where `gzip` says so. */
    surplus?: number;
    gzip?: boolean;
    /** Answers about the model come with so many more bytes. */
    chatter?: number;
    /** Nothing comes at all, or nothing after the first bytes of a file of weights. */
    silent?: "at once" | "in a file";
    /** Files are elsewhere: a server at this address. */
    redirect?: string;
  };
  readonly close: () => Promise<void>;
}

export interface HubRepository {
  readonly name: string;
  readonly commit: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Where given, requests without this token are refused. */
  readonly token?: string;
}

const isLarge = (file: string): boolean => file.endsWith(".safetensors");

const oidOf = (file: string, bytes: Uint8Array): string =>
  isLarge(file)
    ? createHash("sha256").update(bytes).digest("hex")
    : createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");

const text = async (request: IncomingMessage): Promise<string> => {
  let body = "";
  for await (const part of request) body += String(part);
  return body;
};

/** Serves `repository` until closed. */
export async function startHub({ name, commit, files, token }: HubRepository): Promise<HubServer> {
  const requests: string[] = [];
  const authorizations: string[] = [];
  const hub = { requests, authorizations, faults: {} as HubServer["faults"] };

  const json = (response: ServerResponse, status: number, value: unknown) => {
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(JSON.stringify(value) + " ".repeat(hub.faults.chatter ?? 0));
  };

  const pathInfo = (path: string) => {
    const bytes = files.get(path);
    if (bytes === undefined) return [];
    const size = hub.faults.size ?? bytes.length;
    const oid = oidOf(path, bytes);
    const lfs = isLarge(path) && { lfs: { oid, size, pointerSize: 130 } };
    return [{ type: "file", path, size, oid: isLarge(path) ? "0".repeat(40) : oid, ...lfs }];
  };

  const sendFile = (request: IncomingMessage, response: ServerResponse, path: string) => {
    const original = files.get(path);
    if (original === undefined) {
      response.writeHead(404, { "X-Error-Code": "EntryNotFound" });
      return response.end();
    }
    const bytes = Uint8Array.from(original);
    const { surplus, gzip, silent, redirect } = hub.faults;
    if (redirect !== undefined) {
      response.writeHead(302, { Location: `${redirect}${request.url}` });
      return response.end();
    }
    if (isLarge(path) && request.headers.range !== "bytes=0-0" && (surplus || silent)) {
      const sent = Buffer.concat([bytes, Buffer.alloc(surplus ?? 0)]);
      response.writeHead(200, { ...(gzip && { "Content-Encoding": "gzip" }) });
      return silent ? response.write(bytes.subarray(0, 10)) : response.end(gzip ? gzipSync(sent) : sent);
    }
    if (hub.faults.corrupt) bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    const start = Number(first ?? 0);
    const end = Math.min(Number(last ?? bytes.length - 1), bytes.length - 1);
    const part = bytes.subarray(start, end + 1);
    response.writeHead(first === undefined ? 200 : 206, {
      ETag: `"${oidOf(path, original)}"`,
      "X-Repo-Commit": commit,
      "X-Linked-Size": String(bytes.length),
      "Content-Length": String(part.length),
      ...(first !== undefined && { "Content-Range": `bytes ${start}-${end}/${bytes.length}` }),
    });
    const { cutAfter, cuts = Number.POSITIVE_INFINITY } = hub.faults;
    if (cutAfter === undefined || cuts <= 0 || !isLarge(path) || part.length <= cutAfter)
      return response.end(part);
    hub.faults.cuts = cuts - 1;
    return response.write(part.subarray(0, cutAfter), () => setTimeout(() => response.destroy(), 10));
  };

  const server = createServer(async (request, response) => {
    const { pathname: path } = new URL(request.url ?? "/", "http://hub");
    requests.push(`${request.method} ${path}`);
    authorizations.push(request.headers.authorization ?? "");
    if (hub.faults.silent === "at once") return;
    const body = await text(request);
    if (hub.faults.status !== undefined) return json(response, hub.faults.status, { error: "as told" });
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`)
      return json(response, 401, { error: "Invalid username or password." });
    if (path.startsWith(`/api/models/${name}/revision/`)) {
      const revision = path.slice(`/api/models/${name}/revision/`.length);
      if (revision !== "main" && revision !== commit) return json(response, 404, { error: "Invalid rev id" });
      const siblings = [...files.keys()].map((rfilename) => ({ rfilename }));
      const sha = hub.faults.sha ?? commit;
      return json(response, 200, { _id: "1", id: name, sha, siblings, lastModified: "2026-01-01" });
    }
    if (path === `/api/models/${name}/paths-info/${commit}`)
      return json(response, 200, (JSON.parse(body) as { paths: string[] }).paths.flatMap(pathInfo));
    const resolve = `/${name}/resolve/${commit}/`;
    if (path.startsWith(resolve)) return sendFile(request, response, path.slice(resolve.length));
    return json(response, 404, { error: "Repository not found" });
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  return Object.assign(hub, { url: `http://127.0.0.1:${port}`, close });
}
