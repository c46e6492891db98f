import { mkdir, symlink } from "node:fs/promises";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { makeTree } from "../../test/make-tree.ts";
import { findEqualFiles } from "./duplicates.ts";

describe("findEqualFiles", () => {
  it("finds files of equal content, and reads only those of equal size", async () => {
    const files = {
      "a.jpg": "same",
      "b.jpg": "longer",
      "c.jpg": "same",
      "d.jpg": "else",
      "e.jpg": "",
      "f.jpg": "",
    };
    const root = await makeTree(files);
    await mkdir(join(root, "folder.jpg"));
    await symlink("b.jpg", join(root, "link.jpg"));
    const read: [number, number][] = [];
    const paths = [...Object.keys(files), "link.jpg", "folder.jpg", "missing.jpg", "a.jpg"];
    const groups = await findEqualFiles(
      paths.map((name) => join(root, name)),
      { onProgress: (done, total) => read.push([done, total]) },
    );
    expect(groups.map((group) => group.map((path) => relative(root, path)))).toEqual([
      ["a.jpg", "c.jpg"],
      ["b.jpg", "link.jpg"],
    ]);
    expect(read).toEqual([1, 2, 3, 4, 5].map((done) => [done, 5]));
  });

  it("stops when aborted", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(findEqualFiles(["a.jpg"], { signal })).rejects.toThrow("enough");
  });
});
