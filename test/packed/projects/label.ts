/** What every project does: loads an adapter, labels an image, and closes. */

import { FileError, type LabelProbability, load } from "rlrr/node";

export async function label(adapter: string, image: string): Promise<LabelProbability | undefined> {
  const model = await load(adapter, { threads: 1 });
  try {
    for await (const { labels, error } of model.predict(image, { topK: 1 })) {
      if (error instanceof FileError) throw error;
      return labels?.[0];
    }
    return undefined;
  } finally {
    await model.close();
  }
}
