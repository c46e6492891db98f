import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openMemory } from "../../test/memory-store.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { FileError } from "../errors.ts";
import { fetchData, fetchModel, putData, putModel } from "./stored-inputs.ts";

const folder = temporaryFolder("stored-inputs");
const listing = "a".repeat(64);

const root = join(folder, "set");
mkdirSync(join(root, "a"), { recursive: true });
for (const name of ["1", "2", "3"]) writeFileSync(join(root, "a", name), `image ${name}`);
const example = (name: string, label: number) => ({ path: join(root, "a", name), label });
const dataset = {
  ...{ root, layout: "classes" as const, classes: ["x", "y"], notes: ["a note"] },
  splits: { train: [example("1", 0), example("2", 1)], val: [example("3", 1)], test: [example("1", 0)] },
};

describe("a data set in a store", () => {
  it("is the same elsewhere: paths below its folder, labels, order", async () => {
    const { store, objects } = openMemory();
    await putData(store, { dataset, listing });
    const there = join(folder, "fetched");
    const fetched = await fetchData(store, { listing, folder: there });
    expect(fetched).toEqual({
      ...{ ...dataset, root: there, notes: [] },
      splits: JSON.parse(JSON.stringify(dataset.splits).replaceAll(root, there)),
    });
    expect(readFileSync(join(there, "a", "2"), "utf8")).toBe("image 2");
    // What somebody has removed is sent again.
    const [key = ""] = [...objects.keys()].filter((key) => key.startsWith("files/"));
    objects.delete(key);
    await putData(store, { dataset, listing });
    expect(objects.has(key)).toBe(true);
  });

  it("is refused where a path of it leads elsewhere, or a number is of nothing", async () => {
    const { store, objects, put } = openMemory();
    await putData(store, { dataset, listing });
    const key = `data/${listing}.json`;
    const text = String(Buffer.from(objects.get(key) ?? []));
    const fetched = () => fetchData(store, { listing, folder: join(folder, "evil") });
    for (const path of ["../a", "/etc/a", "a/../../b", "C:a", "a\\\\b", ""]) {
      put(key, text.replace('"a/1"', `"${path}"`));
      await expect(fetched()).rejects.toThrow(
        new FileError(`s3://memory/a, ${key}: files.0.path is not valid in this version of rlrr.`),
      );
    }
    put(key, text.replace('"test":[[0,0]]', '"test":[[7,0]]'));
    await expect(fetched()).rejects.toThrow("an image or a class is not in its list");
    objects.delete(key);
    await expect(fetched()).rejects.toThrow("there is no such object");
  });
});

describe("a model in a store", () => {
  it("is the file or the folder that it was, with what is read beside it", async () => {
    const { store } = openMemory();
    const model = join(folder, "model");
    mkdirSync(model);
    for (const name of ["model.safetensors", "config.json", "preprocessor_config.json", "notes.txt"])
      writeFileSync(join(model, name), name);
    const names = [await putModel(store, model), await putModel(store, join(model, "model.safetensors"))];
    const fetched = await Promise.all(
      names.map((name) => fetchModel(store, { name, folder: join(folder, "models", name) })),
    );
    expect(fetched).toEqual([
      join(folder, "models", names[0] ?? "", ""),
      join(folder, "models", names[1] ?? "", "model.safetensors"),
    ]);
    expect(readFileSync(join(fetched[0] ?? "", "config.json"), "utf8")).toBe("config.json");
    expect(() => readFileSync(join(fetched[0] ?? "", "notes.txt"))).toThrow("ENOENT");
  });
});
