/** The images of the demo: a folder in a checkout, one file in the package, which is unpacked into the demo's folder. */

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";
import { files as disk } from "../node.ts";
import { ownFile } from "../own-package.ts";
import type { DemoFolder } from "./demo-folder.ts";

/** Gives the folder that holds the images. */
export async function openDemoImages(out: string, { make }: Pick<DemoFolder, "make">): Promise<string> {
  const inCheckout = ownFile("assets/demo/data");
  if (await disk.exists(inCheckout)) return inCheckout;
  const folder = join(out, "images");
  await make("images", () => unpack(ownFile("dist/demo-images.zip"), folder));
  return folder;
}

async function unpack(archive: string, folder: string): Promise<void> {
  const images = unzipSync(await readFile(archive));
  await disk.writeFolderAtomically(folder, async (temporary) => {
    for (const [path, bytes] of Object.entries(images)) {
      const place = join(temporary, path);
      await mkdir(dirname(place), { recursive: true });
      await writeFile(place, bytes);
    }
  });
}
