import { describe, expect, it } from "vitest";
import { crc32c } from "./crc32.ts";
import { restartRecord, scalarRecord, versionRecord } from "./tensorboard-events.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const wallTime = 1700000000.25;

/** What tensorboard 2.21 writes of the same events, by its `event_pb2` and its `RecordWriter`. */
const written = {
  version: "1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9",
  scalars:
    "3800000000000000a3797d570900001040fc54d94110ac022a2a0a100a09737465702f6c6f7373150000403f0a160a0f746f70312f76616c69646174696f6e150080a242d22c483d",
  restart: "0f000000000000006d532b090900001040fc54d94110293a0208013eb6350d",
};

describe("TensorBoard's events", () => {
  it("are those of TensorBoard's own writer, byte by byte", () => {
    expect(hex(versionRecord(wallTime))).toBe(written.version);
    const scalars = { "step/loss": 0.75, "top1/validation": 81.25 };
    expect(hex(scalarRecord({ wallTime, step: 300 }, scalars))).toBe(written.scalars);
    expect(hex(restartRecord({ wallTime, step: 41 }))).toBe(written.restart);
  });

  it("have checksums by Castagnoli's polynomial", () => {
    expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283); // RFC 3720, B.4
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  });
});
