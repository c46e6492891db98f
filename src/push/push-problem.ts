/** What went wrong while pushing, by who must act. */

import { HubApiError } from "@huggingface/hub";
import { EngineError, InputError, RlrrError } from "../errors.ts";
import { HubSilence } from "../model/hub-fetch.ts";

export interface Where {
  readonly name: string;
  readonly url: string;
}

/** Whether the same request may succeed in a moment: the line broke, or the hub is busy. */
export function isPassing(error: unknown): boolean {
  if (error instanceof HubApiError) return error.statusCode >= 500 || error.statusCode === 429;
  return isUnreachable(error);
}

const isUnreachable = (error: unknown): boolean =>
  error instanceof HubSilence ||
  // Of fetch: no connection, and one that ended amid an answer.
  (error instanceof TypeError && /^(fetch failed|terminated)$/.test(error.message));

export const tokenPage = (url: string): string => `${url}/settings/tokens`;

/** An error of ours for an error of the hub's, or of the line to it. */
export function pushProblem(error: unknown, { name, url }: Where): Error {
  if (error instanceof RlrrError) return error;
  if (error instanceof HubApiError) return ofStatus(error, { name, url });
  if (isUnreachable(error)) {
    const why = error instanceof HubSilence ? ` (${error.message})` : "";
    return new EngineError(
      `${url} could not be reached${why}. Check the network, or set HF_ENDPOINT to a mirror.`,
      {
        cause: error,
      },
    );
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new EngineError(`${url} did not answer like the hub (${reason}).`, { cause: error });
}

function ofStatus(cause: HubApiError, { name, url }: Where): Error {
  const { statusCode } = cause;
  const said = saidBy(cause);
  if (statusCode === 401)
    return new InputError(
      `${url} does not accept HF_TOKEN: it is wrong, has expired or was revoked. Make one that may write at ${tokenPage(url)}.`,
      { cause },
    );
  if (statusCode === 403)
    return new InputError(
      `${name}: ${url} does not let HF_TOKEN write there${said}. Use a token that may, from ${tokenPage(url)}, or another name.`,
      { cause },
    );
  if (statusCode === 409)
    return new InputError(
      `${name}: there is such a repository, but HF_TOKEN may not see it${said}. Use a token that may, or another name.`,
      { cause },
    );
  if (statusCode === 412)
    return new EngineError(
      `${name} was changed by somebody else meanwhile, so nothing was written. Run the same command again.`,
      { cause },
    );
  const again = statusCode >= 500 || statusCode === 429 ? " Try again later." : "";
  return new EngineError(`${name}: ${url} answered with status ${statusCode}${said}.${again}`, { cause });
}

/** The hub's own words, which are short; whatever a stranger's server sends is cut. */
function saidBy({ data }: HubApiError): string {
  const error: unknown = data && Reflect.get(data, "error");
  return typeof error === "string" && error !== "" ? ` (${error.slice(0, 200).replace(/\.$/, "")})` : "";
}
