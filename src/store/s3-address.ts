/** The address of a place in an S3-compatible store: s3://BUCKET/PREFIX. */

import { InputError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";

export interface S3Address {
  readonly bucket: string;
  /** Before every key; ends with a slash, or is empty. */
  readonly prefix: string;
  readonly shown: string;
}

/** Names of buckets as AWS allows them, which no compatible server is stricter about. */
const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

export function checkS3Address(address: unknown): S3Address {
  const [, bucket = "", path = ""] =
    typeof address === "string" ? (/^s3:\/\/([^/]*)(.*)$/s.exec(address) ?? []) : [];
  const parts = path.split("/").filter((part) => part !== "");
  if (!bucketName.test(bucket) || parts.some((part) => part === "." || part === ".."))
    throw new InputError(
      (show) =>
        `${show("bucket")} must be an address such as s3://bucket/studies/mine, got ${showValue(address)}.`,
    );
  return {
    bucket,
    prefix: parts.map((part) => `${part}/`).join(""),
    shown: ["s3:/", bucket, ...parts].join("/"),
  };
}
