/** A program in CommonJS. */

const { FileError } = require("rlrr");
const { FileError: sameError, load } = require("rlrr/node");

async function main([adapter, image]) {
  if (FileError !== sameError) throw new Error("The doors do not share their classes.");
  const model = await load(adapter, { threads: 1 });
  for await (const { labels } of model.predict(image, { topK: 1 })) console.log(JSON.stringify(labels?.[0]));
  await model.close();
}

main(process.argv.slice(2));
