/** Answers images with labels over HTTP: npx tsx examples/05-server.ts ADAPTER PORT, then curl --data-binary @new.jpg localhost:8080 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { load } from "rlrr/node";

const [adapter = "runs/example", port = "8080"] = process.argv.slice(2);

const model = await load(adapter);

/** Requests that come at the same time share runs of the model. An image too large to be one is not read to its end. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== "POST") return reply(response, 405, { error: "POST an image." });
  const image = Readable.toWeb(request) as ReadableStream<Uint8Array>;
  for await (const { labels, error } of model.predict(image))
    reply(response, error ? 422 : 200, error ? { error: error.message } : { labels });
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`);
}

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    console.error(error);
    reply(response, 500, { error: "This did not work." });
  });
});
server.listen(Number(port), "127.0.0.1", () => {
  const { port: chosen } = server.address() as AddressInfo;
  console.log(`http://127.0.0.1:${chosen} takes images of ${model.labels.join(", ")}.`);
});

process.once("SIGTERM", () => {
  server.close(() => void model.close()); // first the requests under way
  server.closeIdleConnections();
  setTimeout(() => server.closeAllConnections(), 5000).unref(); // an upload may never end
});
