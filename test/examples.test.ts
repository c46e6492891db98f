import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { preprocessing, writeModel } from "../src/node.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { randomWeights, tiny } from "./tiny-vit.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = temporaryFolder("examples");
const [base, images, out, merged] = ["base", "images", "run", "merged"].map((name) => join(folder, name));

/** A model of a few thousand numbers, and pictures that are red or blue, lighter or darker. */
beforeAll(async () => {
  const weights = [...randomWeights(tiny)].map(
    ([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }] as const,
  );
  const labels = ["a", "b", "c"];
  const steps = preprocessing.defaultSteps(tiny.imageSize);
  await writeModel(base ?? "", {
    ...{ config: tiny, weights: new Map(weights), labels, preprocessing: steps },
  });
  for (const colour of ["blue", "red"]) {
    mkdirSync(join(images ?? "", colour), { recursive: true });
    for (let light = 0; light < 10; light++) {
      const [strong, weak] = [160 + 9 * light, 5 * light];
      const background = { r: colour === "red" ? strong : weak, g: 20, b: colour === "red" ? weak : strong };
      await sharp({ create: { width: 8, height: 8, channels: 3, background } })
        .png()
        .toFile(join(images ?? "", colour, `${light}.png`));
    }
  }
});

/** What an example prints, run as a reader would. */
async function run(name: string, ...args: readonly (string | undefined)[]): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", "tsx", join("examples", name), ...args.map(String)],
    { cwd: root },
  );
  return stdout.replaceAll(folder, "").replaceAll("\\", "/");
}

/** A connection that has sent the first bytes of an image. */
async function beginUpload(host: string, port: number): Promise<Socket> {
  const socket = connect(port, host);
  await once(socket, "connect");
  const head = ["POST / HTTP/1.1", `host: ${host}`, "content-length: 100000", "", ""].join("\r\n");
  const part = readFileSync(join(images ?? "", "red", "9.png")).subarray(0, 40);
  await new Promise((sent) => socket.write(Buffer.concat([Buffer.from(head), part]), sent));
  return socket;
}

describe("examples", () => {
  it("train, predict and merge, each on what the one before has left", async () => {
    const trained = await run("01-train.ts", base, images, out);
    expect(trained).toMatch(
      /^(fold [1-4]: \d+\.\d % correct\n){4}(epoch [1-5]: \d+\.\d % correct\n){5}The adapter is \/run\/adapter\.\n$/,
    );

    const picture = join(images ?? "", "red", "3.png");
    expect(await run("02-predict.ts", out, picture)).toMatch(
      /^\/images\/red\/3\.png: (red|blue) \(\d+ %\)\n$/,
    );

    const made = await run("03-merge.ts", out, merged);
    expect(made).toMatch(
      /^\/merged is a plain model of 2 classes: blue, red\.\nIts logits differ from the adapted model's by [\de.-]+ of their size\.\n$/,
    );
  });

  it("answer many uploads at once, say what is no image, outlive a client that goes away, and end", async () => {
    const server = spawn(
      process.execPath,
      ["--import", "tsx", join("examples", "05-server.ts"), String(out), "0"],
      { cwd: root, stdio: ["ignore", "pipe", "inherit"] },
    );
    const ended = new Promise<number | null>((done) => server.once("exit", done));
    try {
      const [said] = await once(server.stdout, "data");
      const address = /^(http:\S+) takes images of blue, red\.$/m.exec(String(said))?.[1] ?? "";
      const upload = async (body: Uint8Array | string) => {
        const response = await fetch(address, { method: "POST", body: Buffer.from(body) });
        return { status: response.status, said: await response.json() };
      };
      const names = Array.from({ length: 64 }, (_, index) => (index % 2 === 0 ? "red" : "blue"));
      const pictures = new Map(
        ["red", "blue"].map((name) => [name, readFileSync(join(images ?? "", name, "9.png"))]),
      );
      const answers = await Promise.all(names.map((name) => upload(pictures.get(name) ?? "")));
      expect(answers.map(({ status, said }) => [status, said.labels[0].label])).toEqual(
        names.map((name) => [200, name]),
      );
      expect(await upload("Water the roses.")).toEqual({
        status: 422,
        said: { error: "The image is text, not an image. Replace it or remove it." },
      });
      expect((await fetch(address)).status).toBe(405);

      const large = { width: 10_000, height: 10_000, channels: 3, background: "#c01010" } as const;
      const megapixels = await sharp({ create: large }).png().toBuffer();
      expect((await upload(megapixels)).said.labels[0].label).toBe("red");

      // One client goes away in the middle of its upload, another stays and sends nothing more.
      const { hostname, port } = new URL(address);
      const [gone, stuck] = await Promise.all([
        beginUpload(hostname, Number(port)),
        beginUpload(hostname, Number(port)),
      ]);
      gone.destroy();
      stuck.on("error", () => {});
      expect((await upload(pictures.get("blue") ?? "")).said.labels[0].label).toBe("blue");
    } finally {
      server.kill("SIGTERM");
    }
    expect(await ended).toBe(0);
  });
});
