/** Git LFS pointers: a clone without git lfs has small text files in place of its large ones. https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md */

import { FileError } from "../errors.ts";

const beginning = new TextEncoder().encode("version https://git-lfs.github.com/spec/");

/** Bytes of a file that are enough to tell. */
export const LFS_BEGINNING_BYTES = beginning.length;

/** Throws where `start`, the first bytes of the file at `path`, says that it only stands for another. */
export function refuseLfsPointer(start: Uint8Array, path: string): void {
  if (beginning.every((byte, index) => start[index] === byte))
    throw new FileError(
      `${path} is a Git LFS pointer, a short text that stands for the real file. Run git lfs pull where it was cloned.`,
    );
}
