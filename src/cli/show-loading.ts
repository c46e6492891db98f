/** Loads the model that a command's flags name, and shows the progress and what was assumed. */

import { type LoadedModel, type LoadOptions, load, loadMethodFile } from "../node.ts";
import type { EngineFlags } from "./engine-options.ts";
import { interruption } from "./exit.ts";
import { tell } from "./output.ts";
import { showReading } from "./show-reading.ts";

export interface ModelFlags extends EngineFlags {
  readonly adapter?: readonly string[];
  readonly model?: string;
  /** A file that defines the adapter's method. */
  readonly method?: string;
  readonly heads?: number;
  readonly batchSize?: number;
  readonly precision?: LoadOptions["precision"];
  readonly json?: boolean;
}

/** Close the model when done. */
export async function loadShown(
  { adapter, model, method: file, json = false, ...flags }: ModelFlags,
  { expectedImages }: { readonly expectedImages?: number } = {},
): Promise<LoadedModel> {
  const { heads, batchSize, precision, provider, threads } = flags;
  const method = file === undefined ? undefined : await loadMethodFile(file);
  const progress = showReading({ json });
  try {
    const loaded = await load(
      { adapter, model },
      {
        ...{ method, heads, batchSize, expectedImages, precision, provider, threads },
        ...{ signal: interruption, onProgress: progress.show },
      },
    );
    for (const note of loaded.notes) tell(note);
    return loaded;
  } finally {
    progress.close();
  }
}
