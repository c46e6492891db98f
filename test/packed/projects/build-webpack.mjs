/** Bundles a program by webpack, all packages included, as a module and as CommonJS. */

import webpack from "webpack";

const configure = (extension) => ({
  name: extension,
  mode: "production",
  target: "node20",
  entry: "./bundled.mjs",
  experiments: { outputModule: extension === "mjs" },
  output: {
    path: `${import.meta.dirname}/out`,
    filename: `webpack.${extension}`,
    chunkFilename: `webpack-[id].${extension}`,
    library: { type: extension === "mjs" ? "module" : "commonjs2" },
  },
});

webpack(["mjs", "cjs"].map(configure), (error, stats) => {
  const said = error ?? stats?.toString({ all: false, errors: true, warnings: true });
  // A warning counts: the user of a library cannot do anything about it.
  if (`${said}`.trim() !== "") {
    console.error(`${said}`);
    process.exitCode = 1;
  }
});
