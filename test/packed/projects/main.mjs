/** A program in plain ES modules. */

import { load } from "rlrr/node";

const [adapter, image] = process.argv.slice(2);
const model = await load(adapter, { threads: 1 });
for await (const { labels } of model.predict(image, { topK: 1 })) console.log(JSON.stringify(labels?.[0]));
await model.close();
