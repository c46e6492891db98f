/** Rows of numbers in a file of the run's folder, which is removed when the run ends. */

import { open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { FileError } from "../errors.ts";
import { writeProblem } from "../files/file-problem.ts";
import { hasFreeSpace } from "../files/free-space.ts";
import type { OpenRows } from "../train/row-store.ts";

/** Replaces what a killed run may have left at `path`; nothing where the disk has no room. */
export const rowsInFile =
  (path: string): OpenRows =>
  async ({ rows, width }) => {
    await rm(path, { force: true });
    const size = width * Float32Array.BYTES_PER_ELEMENT;
    if (!(await hasFreeSpace(dirname(path), rows * size))) return undefined;
    const file = await open(path, "wx+");
    const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
      new Uint8Array(buffer, byteOffset, byteLength);
    return {
      write: async (index, row) => {
        await file.write(bytesOf(row), 0, size, index * size).catch((cause: unknown) => {
          throw writeProblem(cause, path);
        });
      },
      read: async (index, to) => {
        const { bytesRead } = await file.read(bytesOf(to), 0, size, index * size);
        if (bytesRead !== size)
          throw new FileError(`${path}: row ${index} is cut off. Something else has changed the file.`);
      },
      close: async () => {
        await file.close();
        await rm(path, { force: true });
      },
    };
  };
