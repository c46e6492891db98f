/** Events as TensorBoard reads them: messages of scalars, each framed as a TFRecord. */

import { maskedCrc32c } from "./crc32.ts";
import { double, encode, type Field, float, int, message, string } from "./protobuf.ts";

/** Fields of `Event`, `Summary`, `Summary.Value` and `SessionLog`: tensorboard/compat/proto. */
const event = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 } as const;
const summaryValue = { inSummary: 1, tag: 1, simpleValue: 2 } as const;
const sessionLog = { status: 1, start: 1 } as const;

interface At {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number;
}

/** What a file of events begins with. */
export const versionRecord = (wallTime: number): Uint8Array =>
  frame([double(event.wallTime, wallTime), string(event.fileVersion, "brain.Event:2")]);

/** Numbers of a step, by their tags. */
export const scalarRecord = ({ wallTime, step }: At, scalars: Readonly<Record<string, number>>): Uint8Array =>
  frame([
    ...[double(event.wallTime, wallTime), int(event.step, step)],
    message(
      event.summary,
      Object.entries(scalars).map(([tag, value]) =>
        message(summaryValue.inSummary, [
          string(summaryValue.tag, tag),
          float(summaryValue.simpleValue, value),
        ]),
      ),
    ),
  ]);

/** Training goes on at this step: TensorBoard then leaves out what earlier files have of it and of later ones. */
export const restartRecord = ({ wallTime, step }: At): Uint8Array =>
  frame([
    ...[double(event.wallTime, wallTime), int(event.step, step)],
    message(event.sessionLog, [int(sessionLog.status, sessionLog.start)]),
  ]);

/** Length in 8 bytes, its checksum, the message, its checksum: tensorflow/core/lib/io/record_writer.h. */
function frame(fields: readonly Field[]): Uint8Array {
  const data = encode(fields);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setUint32(0, data.length, true);
  const framed = new Uint8Array(8 + 4 + data.length + 4);
  const view = new DataView(framed.buffer);
  framed.set(length);
  view.setUint32(8, maskedCrc32c(length), true);
  framed.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return framed;
}
