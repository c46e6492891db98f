/** Next leaves the package out of its bundles, and copies the library that ONNX Runtime links to into a standalone build. */

export default {
  output: "standalone",
  serverExternalPackages: ["rlrr"],
  outputFileTracingIncludes: { "/*": ["../node_modules/onnxruntime-node/bin/*/linux/*/*"] },
};
