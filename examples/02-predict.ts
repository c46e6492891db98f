/** Labels images with an adapter: npx tsx examples/02-predict.ts ADAPTER IMAGE … */

import { load } from "rlrr/node";

const [adapter = "runs/example", ...images] = process.argv.slice(2);

await using model = await load(adapter);
for await (const { image, labels, error } of model.predict(images, { topK: 1 }))
  if (error) console.error(error.message);
  else
    for (const { label, probability } of labels)
      console.log(`${image}: ${label} (${Math.round(100 * probability)} %)`);
