import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { FileError } from "../errors.ts";
import { parseTrainedImages, recordImages, renderTrainedImages, useOf } from "./trained-images.ts";

const hashOf = (content: string): string => createHash("sha256").update(content).digest("base64");
const many = (from: number, count: number) => Array.from({ length: count }, (_, i) => hashOf(`${from + i}`));

describe("recordImages", () => {
  const images = recordImages({ train: many(0, 500), validation: many(500, 100) });

  it("tells what was trained on, what validated, and what is new", () => {
    const usesOf = (hashes: readonly string[]) => [
      ...new Set(hashes.map((hash) => images && useOf(hash, images))),
    ];
    expect(usesOf(many(0, 500))).toEqual(["trained"]);
    expect(usesOf(many(500, 100))).toEqual(["validated"]);
    expect(usesOf(many(600, 500))).toEqual(["new"]);
  });

  it("counts copies once, and what is on both sides as trained on", () => {
    const [a, b] = [hashOf("a"), hashOf("b")];
    const both = recordImages({ train: [a, a], validation: [a, b, b] });
    expect([both?.trained.length, both?.validated.length]).toEqual([1, 1]);
    expect(both && useOf(a, both)).toBe("trained");
  });

  it("keeps the first 8 bytes of each SHA-256, ascending", () => {
    const first = (content: string) => createHash("sha256").update(content).digest("hex").slice(0, 16);
    const found = recordImages({ train: [hashOf("a"), hashOf("b"), hashOf("c")], validation: [] });
    const shown = [...(found?.trained ?? [])].map((prefix) => prefix.toString(16).padStart(16, "0"));
    expect(shown).toEqual(["a", "b", "c"].map(first).sort());
  });

  it("keeps none of more than two million", () => {
    const hash = hashOf("a");
    const train = Array.from({ length: 2_000_000 }, () => hash);
    expect(recordImages({ train, validation: [] })).toBeDefined();
    expect(recordImages({ train, validation: [hash] })).toBeUndefined();
  });

  it("is read back as it was written, in a file of some 11 characters an image", () => {
    if (!images) throw new Error("nothing was recorded");
    const text = renderTrainedImages(images);
    expect(text.length).toBeLessThan(600 * 11);
    expect(parseTrainedImages(JSON.parse(text), "f")).toEqual(images);
  });
});

describe("parseTrainedImages", () => {
  const good = { format_version: 1, hash: "sha256", bytes: 8, train: "AAAAAAAAAAE=", validation: "" };

  it("sorts what another program wrote in another order", () => {
    const train = Buffer.from("000000000000000200000000000000010000000000000002", "hex").toString("base64");
    expect(parseTrainedImages({ ...good, train }, "f").trained).toEqual(BigUint64Array.of(1n, 2n));
  });

  it.each([
    ["null", null, "f: format_version is nothing; this version of rlrr reads 1."],
    [
      "a later version",
      { ...good, format_version: 2 },
      "f: format_version is 2; this version of rlrr reads 1.",
    ],
    ["half a prefix", { ...good, train: "AAAA" }, undefined],
    ["no base64", { ...good, train: "?" }, undefined],
    ["no list", { ...good, validation: undefined }, undefined],
    ["another hash", { ...good, hash: "md5" }, undefined],
    ["another length", { ...good, bytes: 4 }, undefined],
  ])("refuses %s", (_, value, message) => {
    const damaged =
      "f is damaged. Get it again, or remove it: then only which images were trained on is not known.";
    expect(() => parseTrainedImages(value, "f")).toThrow(new FileError(message ?? damaged));
  });
});
