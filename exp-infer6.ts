import { WorkerClient } from "./src/engine/worker-client.ts";
import { rewriteForCpu } from "./src/engine/cpu-rewrites.ts";
import { toOnnx } from "./src/graph/onnx.ts";
import { quantiseProducts } from "./src/graph/quantise-products.ts";
import { sizeOf } from "./src/formats/tensor.ts";
import { constant, inputsOf } from "./src/graph/value.ts";
import { backboneOf, variants } from "./src/model/architectures.ts";
import { affineOf, weightLayers } from "./src/model/layers.ts";
import { predictGraph } from "./src/predict/predict-graph.ts";
import { randomStream } from "./src/random.ts";
const [name = "vit-ti16", threads = "1", rounds = "5", bs = "8"] = process.argv.slice(2);
const config = (variants as any)[name];
const backbone = backboneOf(config);
const frozen = (n: string) => {
  const shape = backbone.shapes.get(n) ?? [];
  const data = randomStream(1, n).fillUniform(new Float32Array(sizeOf(shape)), { low: -0.03, high: 0.03 });
  return constant({ shape, data });
};
const batchSize = Number(bs);
const graph = predictGraph(backbone, { layers: weightLayers(affineOf(frozen), frozen), batchSize });
const q = quantiseProducts(graph, { fewestRows: batchSize + 1 });
const line = new WorkerClient();
const configs: Record<string, any> = {
  "fp32": { g: rewriteForCpu(graph), prepack: "1", dis: "GemmTransposeFusion" },
  "fp32 prepack": { g: rewriteForCpu(graph), prepack: "0", dis: "GemmTransposeFusion" },
  "fp32 ort": { g: graph, prepack: "0", dis: "" },
  "int8": { g: rewriteForCpu(q), prepack: "1", dis: "GemmTransposeFusion" },
  "int8 prepack": { g: rewriteForCpu(q), prepack: "0", dis: "GemmTransposeFusion" },
};
const sessions: Record<string, number> = {};
const [h, w] = config.imageSize;
const images = new Float32Array(batchSize * 3 * h * w);
randomStream(1, "i").fillUniform(images, { low: -1, high: 1 });
const out: Record<string, Float32Array> = {};
for (const [k, { g, prepack, dis }] of Object.entries(configs)) {
  const bytes = toOnnx(g);
  const shapes = Object.fromEntries([...inputsOf(g)].map(([n, { shape }]) => [n, shape]));
  const t = performance.now();
  const { session } = await line.ask({ type: "compile", bytes, folder: undefined, threads: Number(threads), shapes,
    settings: { executionProviders: ["cpu"], disabledOptimizers: dis, config: { "session.disable_prepacking": prepack } } } as any) as any;
  sessions[k] = session;
  console.log(k, "compile", ((performance.now() - t) / 1000).toFixed(2));
  const r: any = await line.ask({ type: "run", session, feeds: { images: images.slice() }, recycle: [] } as any);
  out[k] = r.outputs.feature;
}
const times: Record<string, number[]> = {};
for (let r = 0; r < Number(rounds); r++)
  for (const [k, session] of Object.entries(sessions)) {
    const t = process.cpuUsage();
    await line.ask({ type: "run", session, feeds: { images: images.slice() }, recycle: [] } as any);
    const u = process.cpuUsage(t);
    (times[k] ??= []).push((u.user + u.system) / 1000);
  }
for (const [k, t] of Object.entries(times)) {
  const s = t.toSorted((a, b) => a - b);
  let dot = 0, a = 0, b = 0;
  const x = out[k]!, y = out["fp32"]!;
  for (let i = 0; i < x.length; i++) { dot += x[i]! * y[i]!; a += x[i]! ** 2; b += y[i]! ** 2; }
  console.log(k.padEnd(16), "min", s[0]!.toFixed(1), "med", s[s.length >> 1]!.toFixed(1), "img/s(min)", (batchSize / s[0]! * 1000).toFixed(1), "cos", (dot / Math.sqrt(a * b)).toFixed(6));
}
await line.close();
