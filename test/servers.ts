/** Real servers for tests, of whatever this machine has: a queue's and a store's. They are nobody's dependency. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

export const isHere = (program: string): boolean =>
  spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;

/** Valkey first, which the queue is for. */
export const queuePrograms: readonly string[] = ["valkey-server", "redis-server"].filter(isHere);
export const hasStore = isHere("weed");

export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });

async function whenOpen(port: number): Promise<void> {
  for (let tried = 0; tried < 300; tried++) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
      socket.on("close", () => socket.destroy()).on("connect", () => socket.end());
    });
    if (isOpen) return;
    await setTimeout(100);
  }
  throw new Error(`No server listens on port ${port}.`);
}

export interface Server {
  readonly address: string;
  readonly stop: () => void;
}

const stopping = (server: ChildProcess) => () => void server.kill("SIGKILL");

export async function startQueue(program: string, folder: string): Promise<Server> {
  const port = await freePort();
  const flags = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder];
  const server = spawn(program, flags, { stdio: "ignore" });
  await whenOpen(port);
  return { address: `redis://127.0.0.1:${port}`, stop: stopping(server) };
}

/** Set AWS_ENDPOINT_URL_S3 besides. */
export const storeKeys = { AWS_ACCESS_KEY_ID: "tests", AWS_SECRET_ACCESS_KEY: "of-rlrr" };

/** SeaweedFS, which makes a bucket when it is first written to. Its parts listen on ports of their own, and on those 10,000 above for each other. */
export async function startStore(folder: string): Promise<Server> {
  const config = join(folder, "s3.json");
  const data = join(folder, "objects");
  mkdirSync(data);
  const credentials = [
    { accessKey: storeKeys.AWS_ACCESS_KEY_ID, secretKey: storeKeys.AWS_SECRET_ACCESS_KEY },
  ];
  const identity = { name: "tests", credentials, actions: ["Admin", "Read", "Write", "List"] };
  writeFileSync(config, JSON.stringify({ identities: [identity] }));
  const ports = await Promise.all(
    ["master.port", "volume.port", "filer.port", "s3.port"].map(async (name) => {
      let port = await freePort();
      while (port > 50_000) port = await freePort();
      return [name, port] as const;
    }),
  );
  const flags = [
    ...["server", `-dir=${data}`, "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3", "-s3.iam=false"],
    ...["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false"],
    ...[`-s3.config=${config}`, "-volume.max=20", "-master.volumeSizeLimitMB=64"],
    ...ports.map(([name, port]) => `-${name}=${port}`),
  ];
  const server = spawn("weed", flags, { stdio: "ignore", cwd: folder });
  const port = ports.find(([name]) => name === "s3.port")?.[1] ?? 0;
  await whenOpen(port);
  return { address: `http://127.0.0.1:${port}`, stop: stopping(server) };
}
