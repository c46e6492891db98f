import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeTree } from "../../test/make-tree.ts";
import { FileError } from "../errors.ts";
import { countImages, imagesBelow, listTree, type Tree } from "./list-tree.ts";

const images = (tree: Tree) =>
  [...imagesBelow(tree.folder)].map((path) => path.slice(tree.folder.path.length + 1));

describe("listTree", () => {
  it("sorts names into images, other files and litter", async () => {
    const root = await makeTree([
      "b/2.jpg",
      "b/10.JPEG",
      "b/1/x.png",
      "a.txt",
      ".DS_Store",
      "b/Thumbs.db",
      "z.gif",
    ]);
    const tree = await listTree(root);
    expect(images(tree)).toEqual(["b/1/x.png", "b/10.JPEG", "b/2.jpg", "z.gif"]);
    expect(tree.folder).toMatchObject({ images: ["z.gif"], others: ["a.txt"], litter: [".DS_Store"] });
    expect(countImages(tree.folder)).toBe(4);
    expect(tree.notes).toEqual([]);
  });

  it("lists only what is asked for", async () => {
    const root = await makeTree(["a/1.jpg", "a/b/2.jpg", "c/3.jpg"]);
    expect(images(await listTree(root, { enter: (path) => path === "a" }))).toEqual(["a/1.jpg"]);
  });

  it("has limits", async () => {
    const root = await makeTree(["a/1.jpg", "a/2.jpg", "a/3.jpg"]);
    await expect(listTree(root, { maxEntries: 3 })).rejects.toThrow(
      new FileError(`${root} holds more than 3 files and folders, which is the limit. Use a part of them.`),
    );
    const deep = join(root, ...Array.from({ length: 33 }, () => "d"));
    await mkdir(deep, { recursive: true });
    await expect(listTree(root)).rejects.toThrow(
      new FileError(`${deep} lies 33 folders deep; at most 32 are read. Name the folder of the data itself.`),
    );
  });

  it.skipIf(process.platform === "win32")(
    "takes each picture into one folder, whatever links say",
    async () => {
      const outside = await makeTree(["1.jpg", "more/2.jpg"]);
      const root = await makeTree(["a/1.jpg", "b/1.jpg"]);
      await symlink("../b", join(root, "a/siblings"));
      await symlink("..", join(root, "a/up"));
      await symlink(join(root, "../.."), join(root, "a/far-up"));
      await symlink(outside, join(root, "c"));
      await symlink(join(outside, "more"), join(root, "d"));
      await symlink(outside, join(root, "b/again"));
      const tree = await listTree(root);
      expect(images(tree)).toEqual(["a/1.jpg", "b/1.jpg", "c/1.jpg", "c/more/2.jpg"]);
      expect(tree.notes.map(({ message }) => message.replaceAll(root, "ROOT")).toSorted()).toEqual([
        "ROOT/a/far-up is a link to a folder above, and is not followed.",
        "ROOT/a/siblings is a link to ROOT/b, which is read already, and is not followed.",
        "ROOT/a/up is a link to ROOT, which is read already, and is not followed.",
        "ROOT/b/again is a link to ROOT/c, which is read already, and is not followed.",
        "ROOT/d is a link to ROOT/c/more, which is read already, and is not followed.",
      ]);
    },
  );

  it("says which folder cannot be read", async () => {
    const root = await makeTree([]);
    await writeFile(join(root, "file"), "");
    await expect(listTree(join(root, "file"))).rejects.toThrow(
      new FileError(`${join(root, "file")} cannot be read: no such file.`),
    );
  });
});
