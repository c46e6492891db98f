/** Classifies images by transformers.js: its folder's parent, its name, a dtype, images. Prints a list of labels for each image. */

import { env, pipeline } from "@huggingface/transformers";

const [parent, name, dtype, ...images] = process.argv.slice(2);
env.allowRemoteModels = false;
env.localModelPath = parent;
const classify = await pipeline("image-classification", name, dtype === "default" ? {} : { dtype });
for (const image of images) console.log(JSON.stringify(await classify(image, { top_k: 5 })));
