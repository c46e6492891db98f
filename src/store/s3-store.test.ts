import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { hasStore, type Server, startStore, storeKeys } from "../../test/servers.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { EngineError, FileError, InputError } from "../errors.ts";
import type { ObjectStore } from "./object-store.ts";
import { checkS3Address } from "./s3-address.ts";
import { connectS3 } from "./s3-store.ts";
import { fetchFiles, putFiles } from "./stored-files.ts";

const folder = temporaryFolder("s3");
const names = ["AWS_ENDPOINT_URL_S3", "AWS_EC2_METADATA_DISABLED", ...Object.keys(storeKeys)];
const before = names.map((name) => [name, process.env[name]] as const);
const settle = (values: Readonly<Record<string, string | undefined>>) => {
  for (const [name, value] of Object.entries(values))
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
};
afterAll(() => settle(Object.fromEntries(before)));

describe("the address of a store", () => {
  it("is a bucket and what is before every key", () => {
    expect(checkS3Address("s3://studies")).toEqual({ bucket: "studies", prefix: "", shown: "s3://studies" });
    expect(checkS3Address("s3://studies//a/b/")).toEqual({
      ...{ bucket: "studies", prefix: "a/b/", shown: "s3://studies/a/b" },
    });
  });

  it.each(["studies/a", "s3://", "s3:///a", "S3://studies", "s3://Upper/a", "s3://studies/../a", 7])(
    "is refused where it is %s",
    (address) => {
      expect(() => checkS3Address(address)).toThrow(
        new InputError(
          `bucket must be an address such as s3://bucket/studies/mine, got ${JSON.stringify(address)}.`,
        ),
      );
    },
  );
});

describe("a server that is no store", () => {
  let server: HttpServer;
  let answer = 200;
  beforeAll(async () => {
    server = createServer((request, response) => {
      request.resume().on("end", () => response.writeHead(answer).end());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => server.close());
  const use = (port: number) => settle({ ...storeKeys, AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}` });
  const port = () => (server.address() as AddressInfo).port;

  it("is refused where it writes over what it should not", async () => {
    use(port());
    await expect(connectS3("s3://studies/a")).rejects.toThrow(
      new EngineError(
        "s3://studies/a: the store writes over an object although it was asked not to (If-None-Match), so two workers could write one result. Use a server that knows conditional writes, or a shared folder instead of bucket.",
      ),
    );
  });

  it("is refused where it lets nobody in", async () => {
    use(port());
    answer = 403;
    await expect(connectS3("s3://studies/a")).rejects.toThrow(/refuses the credentials/);
  });

  it("is refused where nothing listens", async () => {
    use(1);
    await expect(connectS3("s3://studies/a")).rejects.toThrow(
      "s3://studies/a, conditional-write.txt: the store does not answer as S3 does (ECONNREFUSED",
    );
  });

  it("is refused where there are no credentials", async () => {
    use(port());
    settle({
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      AWS_EC2_METADATA_DISABLED: "true",
    });
    await expect(connectS3("s3://studies/a")).rejects.toThrow(
      new InputError(
        "s3://studies/a: no credentials were found. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.",
      ),
    );
  });
});

describe.skipIf(!hasStore)(
  hasStore ? "a store in SeaweedFS" : "a store in SeaweedFS (needs its program, weed)",
  () => {
    let server: Server;
    let store: ObjectStore;
    beforeAll(async () => {
      server = await startStore(folder);
      settle({ ...storeKeys, AWS_ENDPOINT_URL_S3: server.address });
      store = await connectS3("s3://studies/mine");
    }, 120_000);
    afterAll(() => server.stop());
    afterEach(async () => store.remove([...(await store.list("")).keys()]));

    it("refuses other credentials", async () => {
      settle({ AWS_SECRET_ACCESS_KEY: "another" });
      await expect(connectS3("s3://studies/mine")).rejects.toThrow(
        /^s3:\/\/studies\/mine: the store refuses the credentials \(SignatureDoesNotMatch\)/,
      );
      settle(storeKeys);
    });

    it("gives back what was put, lists and removes it", async () => {
      await store.put("a/1", "one");
      await store.put("a/2", Buffer.from([0, 1, 255]));
      await store.put("b", "");
      expect([...(await store.list("a/"))]).toEqual([
        ["a/1", 3],
        ["a/2", 3],
      ]);
      expect(Buffer.from((await store.get("a/2")) ?? [])).toEqual(Buffer.from([0, 1, 255]));
      expect(await store.get("a/3")).toBeUndefined();
      await store.remove(["a/1", "a/2"]);
      expect([...(await store.list("")).keys()]).toEqual(["b"]);
    });

    it("lets one of many write a key", async () => {
      const texts = Array.from({ length: 8 }, (_, at) => String(at));
      const wrote = await Promise.all(texts.map((text) => store.putNew("one", text)));
      expect(wrote.filter(Boolean)).toHaveLength(1);
      expect(String(Buffer.from((await store.get("one")) ?? []))).toBe(String(wrote.indexOf(true)));
    });

    it("keeps a file once, sends it once, and refuses one that was changed there", async () => {
      const from = join(folder, "from");
      mkdirSync(from);
      for (const name of ["x", "y", "z"]) writeFileSync(join(from, name), name === "z" ? "other" : "same");
      const local = ["x", "y", "z"].map((name) => ({ path: `in/${name}`, from: join(from, name) }));
      const there = await store.list("files/");
      const files = await putFiles(store, { under: "files/", files: local, there });
      const sent = await store.list("files/");
      expect(sent.size).toBe(2);
      const to = join(folder, "to");
      await fetchFiles(store, { under: "files/", files, folder: to });
      expect(["x", "y", "z"].map((name) => readFileSync(join(to, "in", name), "utf8"))).toEqual([
        ...["same", "same", "other"],
      ]);
      await store.put(`files/${files[2]?.sha256}`, "OTHER");
      await expect(
        fetchFiles(store, { under: "files/", files, folder: join(folder, "again") }),
      ).rejects.toThrow(FileError);
      await store.remove([...sent.keys()]);
      await expect(
        fetchFiles(store, { under: "files/", files, folder: join(folder, "gone") }),
      ).rejects.toThrow(/lacks files\/[0-9a-f]{64}, which is in\/[xyz]/);
    });
  },
);
