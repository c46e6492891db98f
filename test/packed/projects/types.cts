/** The types of the package, from TypeScript that compiles to CommonJS. */

import rlrr = require("rlrr/node");

export const shapeOf = (value: rlrr.graph.Value): readonly number[] => value.shape;
export const isFile = (error: unknown): error is rlrr.FileError => error instanceof rlrr.FileError;
export const label = async (adapter: string, image: Uint8Array): Promise<string | undefined> => {
  const model: rlrr.LoadedModel = await rlrr.load(adapter);
  for await (const { labels } of model.predict([image], { topK: 1 })) return labels?.[0]?.label;
  return undefined;
};
// @ts-expect-error: there is no such option
export const misspelt = () => rlrr.load("adapter", { treads: 1 });
