/** Connects to the queue that a study and its workers share: BullMQ on Valkey or Redis, which its user has installed. */

import { createHash } from "node:crypto";
import type * as Bullmq from "bullmq";
import { EngineError, InputError } from "../errors.ts";
import { importInstalled } from "../installed-package.ts";

/** All studies of a server share it, so that any worker serves any of them. */
export const queueName = "rlrr-trials";

/** A trial on its way to a worker. */
export interface TrialJob {
  /** Of rlrr: another version might compute other numbers. */
  readonly version: string;
  /** `Trial` as JSON; a worker checks it. */
  readonly trial: unknown;
}

/** How often a job is tried: a worker may find a folder still locked by one that has just lost its connection. */
const attempts = { attempts: 5, backoff: { type: "fixed", delay: 5000 } } as const;

export interface QueueConnection {
  readonly bullmq: typeof Bullmq;
  readonly options: Bullmq.QueueOptions & { readonly connection: Bullmq.ConnectionOptions };
  /** Without what is secret. */
  readonly shown: string;
}

/** Refuses an address that is none, and a server that does not answer. */
export async function connectQueue(address: string): Promise<QueueConnection> {
  const url = checkAddress(address);
  const bullmq = await importInstalled<typeof Bullmq>({
    ...{ name: "bullmq", beside: ["ioredis"], use: "A queue needs BullMQ" },
    install: "bullmq@6 ioredis@5",
  });
  // Once there was a connection, a broken one is tried again for as long as it takes.
  let wasReady = false;
  const connection = {
    url: url.href,
    maxRetriesPerRequest: null,
    retryStrategy: (times: number) => (wasReady || times < 3 ? Math.min(200 * times, 5000) : null),
  };
  const options = { connection, defaultJobOptions: { ...attempts, removeOnFail: false } };
  const shown = `${url.protocol}//${url.host}${url.pathname.replace(/\/$/, "")}`;
  const probe = new bullmq.Queue(queueName, options);
  let cause: unknown;
  // Without a listener an error ends the process.
  probe.on("error", (error) => {
    cause = error;
  });
  try {
    await probe.waitUntilReady();
    wasReady = true;
  } catch (error) {
    const reason = reasonOf(cause ?? error);
    throw new EngineError(
      (show) =>
        `${shown} does not answer as a queue (${reason}). Start a server there, such as valkey-server or redis-server, or name another with ${show("queue")}.`,
      { cause: error },
    );
  } finally {
    await probe.close().catch(() => {});
  }
  return { bullmq, options, shown };
}

function reasonOf(error: unknown): string {
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  return code ?? message ?? String(error);
}

function checkAddress(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url && (url.protocol === "redis:" || url.protocol === "rediss:") && url.hostname !== "") return url;
  throw new InputError(
    (show) => `${show("queue")} must be an address such as redis://localhost:6379, got "${address}".`,
  );
}

/** A job's name: the same trial of the same study is handed out once, however often the study is started. */
export const jobId = (study: string, trial: string): string =>
  `${createHash("sha256").update(study).digest("hex").slice(0, 8)}-${trial}`;
