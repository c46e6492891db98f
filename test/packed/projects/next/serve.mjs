/** Serves what `next build` has made, asks it once for each kind of page, and ends. */

import { createServer } from "node:http";
import next from "next";

const [adapter, image] = process.argv.slice(2);
const app = next({ dev: false, dir: import.meta.dirname });
await app.prepare();
const server = createServer(app.getRequestHandler()).listen(0, "127.0.0.1", async () => {
  const { port } = server.address();
  const get = async (path) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  console.log(await get(`/label?${new URLSearchParams({ adapter, image })}`));
  console.log(/<p>(.*?)<\/p>/.exec(await get("/"))?.[1]);
  server.close();
  server.closeAllConnections();
  await app.close();
});
