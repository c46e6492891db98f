import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { npyOf } from "../../test/npz-bytes.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { listTensors } from "./list-tensors.ts";

const root = temporaryFolder("list-tensors");

describe("listTensors", () => {
  it("lists types that no model may have", async () => {
    const header = JSON.stringify({
      __metadata__: { format: "pt" },
      "b.weight": { dtype: "BF16", shape: [2, 1], data_offsets: [0, 4] },
      a: { dtype: "I64", shape: [], data_offsets: [4, 12] },
    });
    const length = Buffer.alloc(8);
    length.writeUInt32LE(header.length);
    const path = join(root, "a.safetensors");
    await writeFile(path, Buffer.concat([length, Buffer.from(header), Buffer.alloc(12)]));
    expect(await listTensors(path)).toEqual({
      tensors: [
        { name: "b.weight", dtype: "BF16", shape: [2, 1] },
        { name: "a", dtype: "I64", shape: [] },
      ],
      metadata: new Map([["format", "pt"]]),
    });
  });

  it("names NumPy's own types as NumPy does", async () => {
    const array = (descr: string, bytes: number) =>
      npyOf(`{'descr': '${descr}', 'fortran_order': False, 'shape': (3,), }`, new Uint8Array(bytes));
    const path = join(root, "a.npz");
    await writeFile(path, zipSync({ "params/x.npy": array("<f4", 12), "step.npy": array("<i8", 24) }));
    expect(await listTensors(path)).toEqual({
      tensors: [
        { name: "params/x", dtype: "F32", shape: [3] },
        { name: "step", dtype: "<i8", shape: [3] },
      ],
      metadata: new Map(),
    });
  });

  it("says what is wrong with a file that is damaged", async () => {
    const path = join(root, "short.safetensors");
    await writeFile(path, "short");
    await expect(listTensors(path)).rejects.toThrow(
      `${path}: the file has 5 bytes; a safetensors file begins with 8 bytes of length.`,
    );
  });
});
