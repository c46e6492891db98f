/** Writes a drawn data set: FOLDER/split/class/0000.jpg, a few pictures at a time. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

interface Which {
  readonly split: string;
  readonly number: number;
}

interface DrawnSet {
  readonly classes: readonly string[];
  /** Pictures of each class, by split. */
  readonly counts: Readonly<Record<string, number>>;
  /** The bytes of one JPEG. */
  readonly draw: (name: string, which: Which) => Promise<Buffer>;
}

/** Enough to keep sharp's pool of four threads busy while this thread adds the noise. */
const atOnce = 8;

/** Draws every picture of every class into `folder` and prints what it did. */
export async function writeSplits(folder: string, { classes, counts, draw }: DrawnSet): Promise<void> {
  const start = performance.now();
  let total = 0;
  let bytes = 0;
  for (const [split, count] of Object.entries(counts)) {
    for (const name of classes) {
      const into = join(folder, split, name);
      await mkdir(into, { recursive: true });
      let next = 0;
      const work = async (): Promise<void> => {
        while (next < count) {
          const number = next++;
          const picture = await draw(name, { split, number });
          await writeFile(join(into, `${String(number).padStart(4, "0")}.jpg`), picture);
          bytes += picture.length;
        }
      };
      await Promise.all(Array.from({ length: Math.min(atOnce, count) }, work));
      total += count;
    }
  }
  const seconds = (performance.now() - start) / 1000;
  console.log(
    `${folder}: ${total} pictures of ${classes.length} classes, ${(bytes / 1e6).toFixed(2)} MB, in ${seconds.toFixed(1)} s.`,
  );
}
