/** Lists what of a folder is sent to the hub, and what is left out and why: files that models consist of, and no others. */

import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../errors.ts";
import { readProblem } from "../files/file-problem.ts";
import { limits } from "../limits.ts";

export const MAX_PUSHED_FILES = limits.MAX_PUSHED_FILES.value;
/** Folders in folders: `onnx/model.onnx` is the deepest in use. */
const deepest = 4;

/** A file to send: one on disk, or a text that was made for it. */
export interface Outgoing {
  /** Its path in the repository, with slashes. */
  readonly path: string;
  readonly bytes: number;
  readonly content: { readonly file: string } | { readonly text: string };
}

export interface LeftOut {
  readonly path: string;
  readonly why: string;
}

export interface Listed {
  readonly files: readonly Outgoing[];
  readonly leftOut: readonly LeftOut[];
}

/** JSON that models and adapters consist of: other files of that kind may be anything, such as credentials. */
const modelJson =
  /^((preprocessor_|processor_|generation_|quantize_|adapter_|tokenizer_|special_tokens_)?config|rlrr_adapter|training_images|tokenizer|vocab|labels|special_tokens_map|.+\.index)\.json$/;
const modelFile =
  /(\.(safetensors|onnx|onnx_data|xml|bin|npz|txt|md|html|zip|wasm|js|mjs)|^(LICENSE|NOTICE))$/;

/** In the order of their paths. A link is left out: what it leads to was not put into this folder. */
export async function listFiles(folder: string): Promise<Listed> {
  const files: Outgoing[] = [];
  const leftOut: LeftOut[] = [];
  for await (const { path, entry } of walk(folder)) {
    const why = objection(path, entry);
    if (why !== undefined) leftOut.push({ path, why });
    else {
      const file = join(folder, path);
      files.push({ path, bytes: (await stat(file)).size, content: { file } });
    }
    if (files.length > MAX_PUSHED_FILES)
      throw new InputError(
        `${folder} has more than ${MAX_PUSHED_FILES} files of a model. Name the folder of a single one.`,
      );
  }
  return { files, leftOut };
}

function objection(path: string, entry: Dirent): string | undefined {
  if (entry.name.startsWith(".")) return "hidden";
  if (entry.isSymbolicLink()) return "a link";
  if (entry.isDirectory()) return "too deep";
  if (!entry.isFile()) return "not a file";
  const name = path.split("/").at(-1) ?? "";
  return modelFile.test(name) || modelJson.test(name) ? undefined : "not a file of a model";
}

/** Files, and folders that are not gone into. */
async function* walk(folder: string, inside = ""): AsyncGenerator<{ path: string; entry: Dirent }> {
  const here = join(folder, inside);
  const entries = await readdir(here, { withFileTypes: true }).catch((cause: unknown) => {
    throw readProblem(cause, here);
  });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = inside === "" ? entry.name : `${inside}/${entry.name}`;
    const enters = entry.isDirectory() && !entry.name.startsWith(".") && path.split("/").length < deepest;
    if (enters) yield* walk(folder, path);
    else yield { path, entry };
  }
}
