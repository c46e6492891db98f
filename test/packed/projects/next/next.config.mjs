/** Next leaves the package out of its bundles; a standalone build would also copy the library that ONNX Runtime links to. */

export default {
  serverExternalPackages: ["rlrr"],
  outputFileTracingIncludes: { "/*": ["../node_modules/onnxruntime-node/bin/*/linux/*/*"] },
};
