/** Writes an ONNX model: one file with everything in it, or the weights in a file beside it. */

import { basename } from "node:path";
import { InputError } from "../errors.ts";
import { writeFileAtomically } from "../files/write-file.ts";
import { encodeOnnx, type OnnxConstant, type OnnxModel } from "../formats/onnx-model.ts";

export type WeightsPlace = "inside" | "beside";

/** A message of protocol buffers has fewer than 2³¹ bytes. */
const mostInside = 2 ** 31 - 2 ** 20;
/** Smaller constants stay inside: sizes that shapes depend on must be. */
const smallBytes = 1024;
/** What a file is mapped in units of. */
const alignment = 4096;

/** Writes `path` and, where weights are beside, `path`_data, as transformers.js and others expect. */
export async function writeOnnx(path: string, model: OnnxModel, weights: WeightsPlace): Promise<void> {
  if (weights === "inside") {
    const bytes = model.constants.reduce((total, { data }) => total + data.length, 0);
    if (bytes > mostInside)
      throw new InputError(
        (show) =>
          `${basename(path)} would have ${Math.round(bytes / 1e6).toLocaleString("en")} MB, and an ONNX file holds 2 GB. Use ${show("weights", "beside")}.`,
      );
    return writeFileAtomically(path, encodeOnnx(model));
  }
  const location = `${basename(path)}_data`;
  const chunks: Uint8Array[] = [];
  let offset = 0;
  const moved = model.constants.map((one): OnnxConstant => {
    if (!(one.data instanceof Uint8Array) || one.data.length < smallBytes) return one;
    const padding = (alignment - (offset % alignment)) % alignment;
    if (padding > 0) chunks.push(new Uint8Array(padding));
    offset += padding;
    chunks.push(one.data);
    const place = { location, offset, length: one.data.length };
    offset += one.data.length;
    return { ...one, data: place };
  });
  await writeFileAtomically(`${path}_data`, chunks);
  await writeFileAtomically(path, encodeOnnx({ ...model, constants: moved }));
}
