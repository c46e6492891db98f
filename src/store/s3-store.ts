/** A store in a bucket of S3 or of a compatible server, through Amazon's own client, which its user has installed. */

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type * as S3 from "@aws-sdk/client-s3";
import { importInstalled } from "../installed-package.ts";
import { limits } from "../limits.ts";
import type { ObjectStore } from "./object-store.ts";
import { checkS3Address } from "./s3-address.ts";
import { checkConditions, codeOfAnswer, storeProblem, tooLarge } from "./store-problem.ts";

/** As many keys as one request removes. */
const removedAtOnce = 1000;
const attempts = 5;

/** Refuses an address that is none, a server that does not answer or lets nobody in, and one that writes over what it should not. */
export async function connectS3(address: string): Promise<ObjectStore> {
  const { bucket, prefix, shown } = checkS3Address(address);
  // It warns of Node's age, on which the user of this program has decided already.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  const s3 = await importInstalled<typeof S3>({
    ...{ name: "@aws-sdk/client-s3", use: "A store needs Amazon's client of S3" },
    install: "@aws-sdk/client-s3@3",
  });
  const store = openBucket(s3, { client: new s3.S3Client(clientOptions()), bucket, prefix, shown });
  await checkConditions(store);
  return store;
}

/** Credentials, profiles and the endpoint are the client's affair: AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL_S3 and so on. */
function clientOptions(): S3.S3ClientConfig {
  const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  const isOwn = Boolean(AWS_ENDPOINT_URL_S3 || AWS_ENDPOINT_URL);
  const region = AWS_REGION || AWS_DEFAULT_REGION || (isOwn ? "us-east-1" : undefined);
  return {
    ...(region && { region }),
    // A server of one's own has seldom a name for each bucket, and often none of Amazon's newer checksums.
    ...(isOwn && {
      ...{ forcePathStyle: true, requestChecksumCalculation: "WHEN_REQUIRED" },
      responseChecksumValidation: "WHEN_REQUIRED",
    }),
    maxAttempts: attempts,
  };
}

interface Bucket {
  readonly client: S3.S3Client;
  readonly bucket: string;
  readonly prefix: string;
  readonly shown: string;
}

function openBucket(s3: typeof S3, { client, bucket: Bucket, prefix, shown }: Bucket): ObjectStore {
  const where = (key: string) => ({ Bucket, Key: prefix + key });
  const told = async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      throw storeProblem(cause, { shown, key });
    }
  };
  const find = (key: string) =>
    told(key, async () => {
      const answer = await client.send(new s3.GetObjectCommand(where(key))).catch((cause: unknown) => {
        if (codeOfAnswer(cause) === "NoSuchKey") return undefined;
        throw cause;
      });
      return answer?.Body && { body: answer.Body as AsyncIterable<Uint8Array>, size: answer.ContentLength };
    });
  const put = (key: string, body: S3.PutObjectCommandInput["Body"], more: object = {}) =>
    client.send(new s3.PutObjectCommand({ ...where(key), Body: body, ...more }));
  return {
    address: shown,
    list: (start) =>
      told(start, async () => {
        const found = new Map<string, number>();
        const pages = s3.paginateListObjectsV2({ client }, { Bucket, Prefix: prefix + start });
        for await (const { Contents = [] } of pages)
          for (const { Key = "", Size = 0 } of Contents) found.set(Key.slice(prefix.length), Size);
        return found;
      }),
    get: async (key) => {
      const found = await find(key);
      if (!found) return undefined;
      return told(key, async () => {
        const chunks: Uint8Array[] = [];
        let size = 0;
        for await (const chunk of found.body) {
          size += chunk.length;
          if (size > limits.MAX_STORED_BYTES.value) throw tooLarge(shown, key);
          chunks.push(chunk);
        }
        return Buffer.concat(chunks);
      });
    },
    read: async (key) => (await find(key))?.body,
    put: (key, bytes) => told(key, async () => void (await put(key, Buffer.from(bytes)))),
    putNew: (key, bytes) =>
      told(key, async () => {
        try {
          await put(key, Buffer.from(bytes), { IfNoneMatch: "*" });
          return true;
        } catch (cause) {
          if (codeOfAnswer(cause) === "PreconditionFailed") return false;
          throw cause;
        }
      }),
    putFile: (key, path) =>
      told(key, async () => {
        const { size } = await stat(path);
        await put(key, createReadStream(path), { ContentLength: size });
      }),
    remove: (keys) =>
      told("", async () => {
        for (let at = 0; at < keys.length; at += removedAtOnce) {
          const Objects = keys.slice(at, at + removedAtOnce).map((key) => ({ Key: prefix + key }));
          await client.send(new s3.DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
        }
      }),
  };
}
