/** Writes an adapter as a folder that Hugging Face's peft loads onto a ViTForImageClassification of transformers 5. */

import { join } from "node:path";
import { mergeAdapter } from "../adapter/merge.ts";
import { peftAdapter } from "../adapter/peft-adapter.ts";
import { openEngine } from "../engine/open-engine.ts";
import { InputError } from "../errors.ts";
import { checkCounts } from "../files/check-count.ts";
import { checkOptions, checkPath, type KnownOptions } from "../files/check-options.ts";
import { checkNewFolder } from "../files/check-output-paths.ts";
import { writeFileAtomically } from "../files/write-file.ts";
import { writeFolderAtomically } from "../files/write-folder.ts";
import { writeSafetensors } from "../formats/safetensors.ts";
import type { MergeOptions } from "./merge.ts";
import { openModel } from "./open-model.ts";

const known: KnownOptions<MergeOptions> = {
  ...{ model: true, engine: true, heads: true, method: true, provider: true, threads: true },
  ...{ signal: true, onProgress: true },
};

/** Writes `adapter` into the new folder `out`; a method that peft cannot hold exactly is refused. */
export async function writePeft(adapter: string, out: string, options: MergeOptions = {}): Promise<void> {
  checkOptions(options, { verb: "writePeft", known });
  checkPath(adapter, { what: "writePeft: the adapter" });
  checkPath(out, { what: "writePeft: the folder to write" });
  checkCounts({ threads: options.threads, heads: options.heads });
  await checkNewFolder(out);
  const opened = await openModel({ adapter, model: options.model }, options);
  if (!opened.adapter) throw new InputError("writePeft: there is no adapter to write.");
  const { provider, threads, signal } = options;
  const engine = options.engine ?? (await openEngine({ provider, threads }));
  try {
    const merged = await mergeAdapter(opened.model, opened.adapter, engine);
    const { config, tensors } = await peftAdapter(opened.adapter, merged);
    signal?.throwIfAborted();
    await writeFolderAtomically(out, async (temporary) => {
      await writeSafetensors(join(temporary, "adapter_model.safetensors"), tensors, { format: "pt" });
      await writeFileAtomically(
        join(temporary, "adapter_config.json"),
        `${JSON.stringify(config, null, 2)}\n`,
      );
    });
  } finally {
    if (!options.engine) await engine.close();
  }
}
