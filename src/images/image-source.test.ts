import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { FileError, InputError } from "../errors.ts";
import { decodeImage } from "./decode.ts";
import { type ImageSource, readSource } from "./image-source.ts";

const folder = temporaryFolder("image-source");
const pixels = [9, 8, 7, 6, 5, 4];
const png = await sharp(Uint8Array.from(pixels), { raw: { width: 2, height: 1, channels: 3 } })
  .png()
  .toBuffer();
const path = join(folder, "a #1.png");
await writeFile(path, png);

const streamOf = (chunks: readonly Uint8Array[], cancelled = () => {}) => {
  const waiting = chunks.values();
  return new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const { value } = waiting.next();
      if (value) controller.enqueue(value);
      else controller.close();
    },
    cancel: cancelled,
  });
};
const rgba = { width: 2, height: 1, data: new Uint8ClampedArray([9, 8, 7, 0, 6, 5, 4, 255]) };

describe("decodeImage", () => {
  it.each<[string, () => ImageSource]>([
    ["a path", () => path],
    ["a file: URL", () => pathToFileURL(path)],
    ["a Buffer", () => png],
    ["an ArrayBuffer", () => new Uint8Array(png).buffer],
    ["a Blob", () => new Blob([new Uint8Array(png)])],
    ["a stream", () => streamOf([png.subarray(0, 5), png.subarray(5, 6), png.subarray(6)])],
    ["RGBA pixels", () => rgba],
    ["RGB pixels", () => ({ width: 2, height: 1, data: Uint8Array.from(pixels) })],
    ["an image", () => ({ width: 2, height: 1, pixels: Uint8Array.from(pixels) })],
  ])("takes %s", async (_, source) => {
    expect(await decodeImage(source())).toEqual({ width: 2, height: 1, pixels: Uint8Array.from(pixels) });
  });
});

describe("readSource", () => {
  it("copies pixels, which are shared from then on", async () => {
    const data = Uint8Array.from(pixels);
    const read = await readSource({ width: 2, height: 1, data });
    data.fill(0);
    expect(read).toEqual({
      type: "pixels",
      image: { width: 2, height: 1, pixels: Uint8Array.from(pixels) },
    });
  });

  it.each<[unknown, string]>([
    [
      new URL("https://example.org/a.png"),
      "https://example.org/a.png is not a file: URL. Fetch it first, and give the bytes.",
    ],
    [
      new URL("file://elsewhere/a.png"),
      `file://elsewhere/a.png names no file of this machine (File URL host must be "localhost" or empty on ${process.platform}). Give its path.`,
    ],
    [{ ...rgba, data: null }, "It: pixels must be a Uint8Array or a Uint8ClampedArray, got null."],
    [{ ...rgba, data: "rgbrgb" }, 'It: pixels must be a Uint8Array or a Uint8ClampedArray, got "rgbrgb".'],
    [
      { ...rgba, width: { toString: 1 } },
      'It: width and height must be whole numbers above 0, got {"toString":1} and 1.',
    ],
    [{ ...rgba, width: Number.NaN }, "It: width and height must be whole numbers above 0, got NaN and 1."],
    [{ ...rgba, width: 0 }, "It: width and height must be whole numbers above 0, got 0 and 1."],
    [{ ...rgba, height: 1.5 }, "It: width and height must be whole numbers above 0, got 2 and 1.5."],
    [{ ...rgba, width: 3 }, "It: 3 × 1 pixels are 9 bytes as RGB or 12 as RGBA, got 8."],
    [
      7,
      "It must be a path, a file: URL, bytes, a Blob, a ReadableStream, or pixels as { width, height, data }, got number.",
    ],
    [
      null,
      "It must be a path, a file: URL, bytes, a Blob, a ReadableStream, or pixels as { width, height, data }, got null.",
    ],
  ])("refuses %j", async (source, message) => {
    await expect(readSource(source as ImageSource, { where: "It" })).rejects.toThrow(new InputError(message));
  });

  const large = "at most 256 MiB are allowed for an image. Make it smaller or remove it.";
  it("refuses more bytes than any image has, and cancels a longer stream", async () => {
    const megabytes = new Uint8Array(2 ** 26);
    const blob = new Blob([megabytes, megabytes, megabytes, megabytes, "x"]);
    await expect(readSource(blob)).rejects.toThrow(
      new FileError(`The image has ${2 ** 28 + 1} bytes; ${large}`),
    );
    let cancelled = 0;
    const stream = streamOf(Array<Uint8Array>(9).fill(megabytes), () => cancelled++);
    await expect(readSource(stream)).rejects.toThrow(
      new FileError(`The image has more than ${5 * 2 ** 26} bytes; ${large}`),
    );
    expect(cancelled).toBe(1);
  });

  it.each<[string, () => ReadableStream, Error]>([
    [
      "is being read already",
      () => {
        const stream = streamOf([png]);
        stream.getReader();
        return stream;
      },
      new InputError("It is a stream that is being read already. Give each image a stream of its own."),
    ],
    [
      "fails",
      () => new ReadableStream({ pull: () => Promise.reject(new Error("connection reset")) }),
      new FileError("It: its stream ended early (connection reset). Send it again."),
    ],
    [
      "gives text",
      () => new Blob(["text"]).stream().pipeThrough(new TextDecoderStream()),
      new InputError('It must be a stream of Uint8Arrays, got "text".'),
    ],
  ])("refuses a stream that %s", async (_, stream, error) => {
    await expect(readSource(stream(), { where: "It" })).rejects.toThrow(error);
  });

  it("stops reading when aborted", async () => {
    const controller = new AbortController();
    const endless = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) });
    const reading = readSource(endless, { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(reading).rejects.toThrow("enough");
    await expect(readSource(png, { signal: controller.signal })).rejects.toThrow("enough");
  });
});
