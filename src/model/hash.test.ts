import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { seededWeights } from "../../test/named-weights.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { FileError } from "../errors.ts";
import { readSafetensors, writeSafetensors } from "../formats/safetensors.ts";
import type { Tensor } from "../formats/tensor.ts";
import { hashWeights } from "./hash.ts";

const weights = seededWeights();

const changed = (name: string, tensor: Tensor): ReadonlyMap<string, Tensor> =>
  new Map([...weights, [name, tensor]]);

describe("hashWeights", () => {
  it("is sha256 over names, shapes and little-endian numbers, sorted by name", async () => {
    const two = new Map([
      ["norm.bias", { shape: [2], data: Float32Array.of(1, -2) }],
      ["cls", { shape: [1, 1, 1], data: Float32Array.of(0.5) }],
    ]);
    const text = (part: string) => Buffer.from(part);
    const bytes = [
      text("cls [1, 1, 1]\n"),
      Buffer.from("0000003f", "hex"),
      text("norm.bias [2]\n"),
      Buffer.from("0000803f000000c0", "hex"),
    ];
    const expected = createHash("sha256").update(Buffer.concat(bytes)).digest("hex");
    expect(await hashWeights({ weights: two })).toBe(expected);
  });

  it("leaves out the head", async () => {
    const hash = await hashWeights({ weights });
    const headless = new Map([...weights].filter(([name]) => !name.startsWith("head.")));
    expect(await hashWeights({ weights: headless })).toBe(hash);
    const other = { shape: [3], data: Float32Array.of(1, 2, 3) };
    expect(await hashWeights({ weights: changed("head.bias", other) })).toBe(hash);
  });

  it("changes with any weight, and with its shape", async () => {
    const hash = await hashWeights({ weights });
    const cls = { shape: [1, 1, 16], data: Float32Array.from({ length: 16 }, () => 0.25) };
    expect(await hashWeights({ weights: changed("cls", cls) })).not.toBe(hash);
    const position = weights.get("position") ?? cls;
    expect(await hashWeights({ weights: changed("position", { ...position, shape: [10, 16] }) })).not.toBe(
      hash,
    );
  });

  it("takes the positions as stored, before interpolation", async () => {
    const interpolated = { shape: [1, 2, 16], data: new Float32Array(32) };
    const position = weights.get("position");
    if (position === undefined) throw new Error("no position");
    const model = {
      weights: changed("position", interpolated),
      storedWeights: new Map([["position", position]]),
    };
    expect(await hashWeights(model)).toBe(await hashWeights({ weights }));
    expect(await hashWeights(structuredClone(model))).toBe(await hashWeights({ weights }));
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "refuses weights with %d, in memory and on disk",
    async (number) => {
      const broken = { shape: [1, 1, 16], data: new Float32Array(16).fill(number, 15) };
      const model = { weights: changed("cls", broken) };
      await expect(hashWeights(model)).rejects.toThrow(
        new FileError(
          'the model: weight "cls" holds NaN or an infinite number. It is damaged; get it again.',
        ),
      );
      const path = join(temporaryFolder("hash"), "broken.safetensors");
      await writeSafetensors(path, new Map([["cls", broken]]));
      const offset = (await readSafetensors(path)).tensors.get("cls")?.offset ?? -1;
      const stored = new Map([["cls", { shape: broken.shape, path, offset }]]);
      await expect(hashWeights({ weights: stored })).rejects.toThrow(
        new FileError(`${path}: weight "cls" holds NaN or an infinite number. It is damaged; get it again.`),
      );
    },
  );

  it("stops when told", async () => {
    await expect(
      hashWeights({ weights }, { signal: AbortSignal.abort(new Error("enough")) }),
    ).rejects.toThrow("enough");
  });
});
