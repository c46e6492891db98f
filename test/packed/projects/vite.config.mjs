/** Vite for Node leaves packages out of a bundle by itself; with ALL set, it takes them in. */

export default {
  ssr: { noExternal: process.env.ALL ? true : undefined },
  build: { ssr: "main.ts" },
};
