/** What a store may answer instead of doing what it was asked, as errors of ours; and whether it can be trusted with results. */

import { EngineError, FileError, InputError, RlrrError } from "../errors.ts";
import { codeOf } from "../files/file-problem.ts";
import { limits } from "../limits.ts";
import type { ObjectStore } from "./object-store.ts";

/** The server's name for what went wrong, the system's, or the client's. */
export function codeOfAnswer(cause: unknown): string {
  const status = (cause as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata
    ?.httpStatusCode;
  // Two conditional writes that met: Amazon answers the one that lost so.
  if (status === 412 || status === 409) return "PreconditionFailed";
  if (status === 403 && unsaid.has(nameOf(cause))) return "AccessDenied";
  return nameOf(cause);
}

/** What the client calls an answer without a name. */
const unsaid = new Set(["Unknown", "UnknownError"]);

function nameOf(cause: unknown): string {
  const name = cause instanceof Error ? cause.name : String(cause);
  return name === "Error" || name === "AggregateError" ? (codeOf(cause) ?? name) : name;
}

const denied = new Set([
  ...["AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"],
  ...["Forbidden", "403"],
]);
const unnamed = new Set(["CredentialsProviderError", "InvalidIdentityToken"]);

/** Of `shown`, an address, and the key below it that was asked for. */
export function storeProblem(
  cause: unknown,
  { shown, key }: { readonly shown: string; readonly key: string },
): unknown {
  if (cause instanceof RlrrError) return cause;
  const code = codeOfAnswer(cause);
  if (unnamed.has(code))
    return new InputError(
      `${shown}: no credentials were found. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.`,
      { cause },
    );
  if (denied.has(code))
    return new InputError(
      `${shown}: the store refuses the credentials (${code}). Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, and what they may do in this bucket.`,
      { cause },
    );
  if (code === "NoSuchBucket")
    return new InputError(
      (show) => `${shown}: there is no such bucket. Make it, or name another with ${show("bucket")}.`,
      { cause },
    );
  const text = cause instanceof Error ? cause.message : String(cause);
  const said = text === "" || text === code ? code : `${code}: ${text}`;
  return new EngineError(
    `${shown}${key === "" ? "" : `, ${key}`}: the store does not answer as S3 does (${said}). Check AWS_ENDPOINT_URL_S3, AWS_REGION, and whether the server runs.`,
    { cause },
  );
}

export const tooLarge = (shown: string, key: string): FileError =>
  new FileError(`${shown}, ${key} has more than ${limits.MAX_STORED_BYTES.value} bytes, which is the limit.`);

const probe = "conditional-write.txt";

/** Without conditional writes two workers might write one result. */
export async function checkConditions(store: ObjectStore): Promise<void> {
  // Where it was there already, its refusal is what is asked for.
  const text = "Written by rlrr, to see whether this store knows conditional writes.\n";
  if (!(await store.putNew(probe, text)) || !(await store.putNew(probe, text))) return;
  throw new EngineError(
    (show) =>
      `${store.address}: the store writes over an object although it was asked not to (If-None-Match), so two workers could write one result. Use a server that knows conditional writes, or a shared folder instead of ${show("bucket")}.`,
  );
}
