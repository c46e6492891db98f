/** Classifies images by transformers.js in Chromium, without a network but this machine's: the browser, a folder of models, a model, images. Prints a list of labels for each image. */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, resolve } from "node:path";
import puppeteer from "puppeteer-core";

const [executablePath, parent, name, ...images] = process.argv.slice(2);
const timeout = 300_000;
const library = "node_modules/@huggingface/transformers";
const runtime = join(library, "node_modules/onnxruntime-web/dist");
const types = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
};
const script = `
  import { env, pipeline } from "/library/dist/transformers.js";
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.localModelPath = "/models/";
  env.backends.onnx.wasm.wasmPaths = "/runtime/";
  env.backends.onnx.wasm.numThreads = 1;
  globalThis.classify = async (name, images) => {
    const run = await pipeline("image-classification", name, { device: "wasm" });
    const lists = [];
    for (const image of images) lists.push(await run(image, { top_k: 5 }));
    return lists;
  };
  document.body.dataset.state = "ready";`;

const places = { models: resolve(parent), library: resolve(library), runtime: resolve(runtime) };
const server = createServer(async (request, response) => {
  const [, place, ...rest] = decodeURIComponent(new URL(request.url, "http://localhost").pathname).split("/");
  const send = (type, body) => response.writeHead(200, { "content-type": type }).end(body);
  if (place === "") return send("text/html", `<!doctype html><body><script type="module">${script}</script>`);
  const path = place === "images" ? images[Number(rest[0])] : join(places[place] ?? "", ...rest);
  try {
    send(types[extname(path)] ?? "application/octet-stream", await readFile(path));
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const origin = `http://127.0.0.1:${server.address().port}`;
const browser = await puppeteer.launch({ executablePath, args: ["--no-sandbox"], protocolTimeout: timeout });
try {
  const page = await browser.newPage();
  const outside = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(origin) && !/^(blob|data):/.test(request.url()))
      outside.push(request.url());
  });
  page.on("pageerror", (error) => console.error(error));
  await page.goto(origin);
  await page.waitForFunction(() => document.body.dataset.state, { timeout });
  const urls = images.map((_, index) => `${origin}/images/${index}`);
  const lists = await page.evaluate((name, urls) => globalThis.classify(name, urls), name, urls);
  for (const list of lists) console.log(JSON.stringify(list));
  if (outside.length > 0) throw new Error(`asked others for ${outside}`);
} finally {
  await browser.close();
  server.close();
  server.closeAllConnections();
}
