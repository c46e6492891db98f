/** HEIC, as phones write it, by libheif in WebAssembly: an optional package, because libvips comes without a decoder for it. */

import { FileError } from "../errors.ts";
import type { Image } from "../preprocessing/image.ts";

/** The module that decodes, or undefined where it is not installed. */
const findDecoder = () =>
  import("heic-decode").then(
    (module) => module.default,
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === "ERR_MODULE_NOT_FOUND") return undefined;
      throw cause;
    },
  );

/** The decoder throws some errors where nobody awaits them, and then never answers: they would end the process. */
async function withStrays<T>(work: () => Promise<T>): Promise<T> {
  let tell: (cause: unknown) => void = () => {};
  const stray = new Promise<never>((_, reject) => {
    tell = reject;
  });
  process.on("unhandledRejection", tell);
  try {
    return await Promise.race([work(), stray]);
  } finally {
    process.off("unhandledRejection", tell);
  }
}

/** The primary image, already upright; alpha is dropped. */
export async function decodeHeic(
  bytes: Uint8Array,
  { where, find = findDecoder }: { readonly where: string; readonly find?: typeof findDecoder },
): Promise<Image> {
  const decode = await find();
  if (decode === undefined)
    throw new FileError(
      `${where} is a HEIC image, which needs the optional package heic-decode. Run npm install heic-decode, or convert the image.`,
    );
  const { width, height, data } = await withStrays(() => decode({ buffer: bytes }));
  const pixels = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < pixels.length; from += 4) {
    pixels[to++] = data[from] as number;
    pixels[to++] = data[from + 1] as number;
    pixels[to++] = data[from + 2] as number;
  }
  return { width, height, pixels };
}
