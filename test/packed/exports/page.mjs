/** Drops an image on a packed page in Chromium, and chooses the others, without a network: the browser, the page, images with full paths. Prints what the page shows. */

import { pathToFileURL } from "node:url";
import puppeteer from "puppeteer-core";

/** What the browser does when files are dragged from the desktop. */
async function drop(page, files) {
  const client = await page.createCDPSession();
  const data = { items: [], files, dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"])
    await client.send("Input.dispatchDragEvent", { type, x: 200, y: 200, data });
}

const [executablePath, path, ...images] = process.argv.slice(2);
const timeout = 300_000;
const browser = await puppeteer.launch({ executablePath, args: ["--no-sandbox"], protocolTimeout: timeout });
try {
  const page = await browser.newPage();
  await page.setOfflineMode(true);
  const requests = [];
  page.on("request", (request) => {
    if (!/^(file|blob|data):/.test(request.url())) requests.push(request.url());
  });
  await page.goto(pathToFileURL(path).href);
  await page.waitForFunction(() => document.body.dataset.state, { timeout });
  const state = await page.$eval("#state", (element) => element.textContent);
  const [first, ...others] = images;
  await drop(page, [first]);
  const input = await page.$("#files");
  await input.uploadFile(...others);
  const isDone = (count) =>
    [...document.querySelectorAll("figure")].filter((figure) => figure.querySelector("ol, p")).length >=
    count;
  await page.waitForFunction(isDone, { timeout }, images.length);
  const shown = await page.$$eval("figure", (figures) =>
    figures.map((figure) =>
      [...figure.querySelectorAll("li")].map(({ dataset }) => ({
        label: dataset.label,
        score: Number(dataset.probability),
      })),
    ),
  );
  for (const labels of shown) console.log(JSON.stringify(labels));
  console.log(JSON.stringify({ state, requests }));
} finally {
  await browser.close();
}
