import { describe, expect, it } from "vitest";
import { bytes, encode, float, int, message, string } from "./protobuf.ts";

const hex = (data: Uint8Array) => Buffer.from(data).toString("hex").replace(/..\B/g, "$& ");

// The first three are the examples of https://protobuf.dev/programming-guides/encoding/
describe("protobuf", () => {
  it.each([
    ["a varint: field 1 is 150", int(1, 150), "08 96 01"],
    ["text: field 2 is testing", string(2, "testing"), "12 07 74 65 73 74 69 6e 67"],
    ["a message: field 3 holds field 1, 150", message(3, [int(1, 150)]), "1a 03 08 96 01"],
    ["zero", int(1, 0), "08 00"],
    ["the largest number of one byte", int(1, 127), "08 7f"],
    ["a field number above 15", int(16, 1), "80 01 01"],
    ["-1 as 64 bits, ten bytes", int(1, -1), "08 ff ff ff ff ff ff ff ff ff 01"],
    ["-2", int(1, -2), "08 fe ff ff ff ff ff ff ff ff 01"],
    // 2³³ is bit 5 of the fifth group of 7
    ["more than 32 bits", int(1, 2 ** 33), "08 80 80 80 80 20"],
    ["2⁶³ - 1", int(1, 2n ** 63n - 1n), "08 ff ff ff ff ff ff ff ff 7f"],
    // IEEE 754: 1.5 = 0x3fc00000, little-endian
    ["a float", float(2, 1.5), "15 00 00 c0 3f"],
    ["a negative float", float(2, -2), "15 00 00 00 c0"],
    ["UTF-8 text", string(1, "é"), "0a 02 c3 a9"],
    ["raw bytes", bytes(9, Uint8Array.of(0, 255)), "4a 02 00 ff"],
    ["an empty message", message(1, []), "0a 00"],
  ])("writes %s", (_name, field, expected) => {
    expect(hex(encode([field]))).toBe(expected);
    expect(field.length).toBe(encode([field]).length);
  });

  it("writes lengths above 127 in two bytes", () => {
    const nested = encode([message(1, [bytes(2, new Uint8Array(300))])]);
    // 300 = 0xac 0x02; with its tag and length 303 = 0xaf 0x02
    expect(hex(nested.subarray(0, 6))).toBe("0a af 02 12 ac 02");
    expect(nested.length).toBe(306);
  });
});
