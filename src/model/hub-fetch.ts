/** `fetch` for an untrusted hub: it times out, limits the response size, and sends the user's token to the hub alone. */

import { EngineError } from "../errors.ts";
import { limits } from "../limits.ts";
import { CountedBlob } from "./counted-blob.ts";

/** Of answers about a model. */
export const MAX_ANSWER_BYTES = limits.MAX_ANSWER_BYTES.value;
/** Without a byte. */
export const SILENCE_SECONDS = limits.SILENCE_SECONDS.value;

/** The hub did not answer, or stopped in the middle; a retry may help. */
export class HubSilence extends Error {}

export interface HubClient {
  readonly hubUrl: string;
  /** `fetch` whose answers have at most `bytes` bytes, after decompression. */
  readonly fetchUpTo: (bytes: number) => typeof fetch;
  readonly signal?: AbortSignal | undefined;
  /** Aborts running requests. */
  readonly close: () => void;
}

interface ClientOptions {
  readonly hubUrl: string;
  /** Sent to the hub's own origin and nowhere else; `fetch` itself drops it where it is led to another. */
  readonly token?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What Python's client calls the same, where the user has set it. */
const silenceMs = (): number => 1000 * (Number(process.env.HF_HUB_DOWNLOAD_TIMEOUT) || SILENCE_SECONDS);

/** A client of the hub at `hubUrl`, which is a URL. */
export function openHubClient({ hubUrl, token, signal }: ClientOptions): HubClient {
  const closed = new AbortController();
  const outer = [closed.signal, ...(signal ? [signal] : [])];
  const { origin } = new URL(hubUrl);
  const fetchUpTo =
    (bytes: number): typeof fetch =>
    async (input, init) => {
      const { origin: asked } = new URL(input instanceof Request ? input.url : input);
      const headers = new Headers(init?.headers);
      headers.set("Accept-Encoding", "identity");
      if (token && asked === origin) headers.set("Authorization", `Bearer ${token}`);
      const ending = new AbortController();
      const { wait, alive } = waiter(hubUrl, ending);
      const ends = [...outer, ending.signal, ...(init?.signal ? [init.signal] : [])];
      const sent = init?.body instanceof Blob && { body: new CountedBlob(init.body, alive) };
      const response = await wait(fetch(input, { ...init, ...sent, headers, signal: AbortSignal.any(ends) }));
      const body = response.body && bounded(response.body, { hubUrl, bytes, wait, ending });
      return new Response(body, response);
    };
  return { hubUrl, fetchUpTo, signal, close: () => closed.abort() };
}

type Wait = <T>(promise: Promise<T>) => Promise<T>;

/** Waits for data from the hub, and aborts the request when that takes too long; `alive` says that some was sent there. */
function waiter(
  hubUrl: string,
  ending: AbortController,
): { readonly wait: Wait; readonly alive: () => void } {
  let timer: NodeJS.Timeout | undefined;
  return {
    wait: async (promise) => {
      const ms = silenceMs();
      const silent = new HubSilence(`${hubUrl} sent nothing for ${ms / 1000} seconds`);
      timer = setTimeout(() => ending.abort(silent), ms);
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        timer = undefined;
      }
    },
    alive: () => timer?.refresh(),
  };
}

interface Bounds {
  readonly hubUrl: string;
  readonly bytes: number;
  readonly wait: Wait;
  readonly ending: AbortController;
}

/** Passes on `body` chunk by chunk as it is read, so that nothing piles up. */
function bounded(
  body: ReadableStream<Uint8Array>,
  { hubUrl, bytes, wait, ending }: Bounds,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let done = 0;
  return new ReadableStream(
    {
      async pull(controller) {
        const chunk = await wait(reader.read());
        if (chunk.done) return controller.close();
        done += chunk.value.length;
        if (done > bytes) {
          const error = new EngineError(
            `${hubUrl} sent more than the ${bytes} bytes expected. It is not a hub, or it is broken.`,
          );
          ending.abort(error);
          throw error;
        }
        controller.enqueue(chunk.value);
      },
      cancel: () => ending.abort(),
    },
    { highWaterMark: 0 },
  );
}
