import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

/**
 * Who may know whom: a folder of `src` to the folders or files it may import. Files of `src` itself know each other
 * alone, and everyone may import them.
 */
const arrows: Readonly<Record<string, readonly string[]>> = {
  files: [],
  formats: ["files"],
  graph: ["formats"],
  engine: ["graph", "formats"],
  preprocessing: ["files"],
  images: ["files", "preprocessing"],
  datasets: ["files", "images", "preprocessing"],
  model: ["graph", "files", "formats", "preprocessing"],
  methods: ["graph", "files", "formats", "model"],
  // plain arithmetic on logits
  calibration: ["predict/metrics.ts"],
  // of the engines, what any of them can do: a merge runs a graph
  adapter: [
    "calibration",
    "graph",
    "files",
    "formats",
    "model",
    "methods",
    "preprocessing",
    "engine/engine.ts",
    "predict/wilson.ts",
    "reports/format-accuracy.ts",
  ],
  predict: [
    "calibration",
    "engine",
    "graph",
    "model",
    "methods",
    "adapter",
    "datasets",
    "images",
    "preprocessing",
    "files",
    "formats",
    "reports",
    "train/micro-batch.ts",
    "train/fit-events.ts",
  ],
  push: ["adapter", "files", "model"],
  "zero-shot": ["datasets", "engine", "files", "formats", "graph", "model"],
  // singular values of matrices of numbers, wherever they come from
  spectra: [],
  export: [
    "engine",
    "graph",
    "model",
    "methods",
    "adapter",
    "datasets",
    "images",
    "preprocessing",
    "files",
    "formats",
    "predict",
    "train/fit-events.ts",
  ],
  reports: [
    "adapter/validation.ts",
    "spectra",
    "predict/agreement.ts",
    "predict/metrics.ts",
    "predict/reliability.ts",
    "predict/wilson.ts",
    "datasets",
    "images",
    "preprocessing",
  ],
  // training knows no file: a run in a folder is a consumer of its events
  train: [
    "engine",
    "graph",
    "formats/tensor.ts",
    "files/show-value.ts",
    "files/check-options.ts",
    "files/parse-bytes.ts",
    "model",
    "methods",
    "adapter/head.ts",
    "predict/metrics.ts",
    "predict/predict-graph.ts",
    "datasets/batch-ranges.ts",
  ],
  runs: [
    "calibration",
    "engine",
    "model",
    "methods",
    "adapter",
    "datasets",
    "images",
    "preprocessing",
    "files",
    "formats",
    "predict/find-uses.ts",
    "predict/wilson.ts",
    "reports",
    "train",
  ],
  analyze: [
    "adapter",
    "datasets",
    "engine",
    "files",
    "formats",
    "graph",
    "images",
    "methods",
    "model",
    "predict",
    "preprocessing",
    "reports",
    "runs/run-config.ts",
    "runs/run-folder.ts",
    "spectra",
    "train",
  ],
  combine: [
    "adapter",
    "calibration",
    "datasets",
    "engine",
    "files",
    "formats",
    "images",
    "methods",
    "model",
    "predict",
    "train/fit-events.ts",
    "train/micro-batch.ts",
  ],
  inspect: [
    "adapter",
    "datasets",
    "images",
    "model",
    "methods",
    "preprocessing",
    "files",
    "formats",
    "runs/checkpoint.ts",
    "runs/recipe-defaults.ts",
    "train/fit-events.ts",
  ],
  // objects by key, on a server
  store: ["files"],
  // a study trains and evaluates as any program would
  study: [
    "adapter/head.ts",
    "datasets",
    "engine",
    "files",
    "formats/tensor.ts",
    "images",
    "methods",
    "model",
    "predict/load.ts",
    "preprocessing",
    "reports",
    "runs",
    "store",
    "train",
  ],
  bench: [
    "engine",
    "graph",
    "model",
    "methods",
    "files",
    "formats",
    "train",
    "adapter/head.ts",
    "datasets/batch-ranges.ts",
  ],
  // the namespaces of the doors
  doors: [
    "adapter",
    "calibration",
    "graph",
    "model",
    "methods",
    "preprocessing",
    "predict",
    "reports/format-accuracy.ts",
    "train",
    "files",
    "formats",
  ],
  // A user of the library like any other, so that nothing is missing from it; how text is laid out is its own affair,
  // and so is what the package brings for it.
  cli: ["index.ts", "node.ts", "table.ts", "duration.ts", "version.ts", "own-package.ts"],
};
/** What the package shows to others; it may import anything. */
const doors = ["index.ts", "node.ts"];

/** What must run in a browser, with everything it imports. */
const browser = [
  /^index\.ts$/,
  /^graph\//,
  /^engine\/(engine|reference)\.ts$/,
  /^formats\/(protobuf|tensor|onnx-model)\.ts$/,
  /^model\/(model|vit|variants|weight-constants|backbone|layers|architectures)\.ts$/,
  /^methods\/(?!load-method\.ts)/,
  /^train\//,
  /^preprocessing\/(steps|resize)\.ts$/,
];
const browserPackages = /^(zod|fflate|pure-rand)(\/|$)/;

interface Import {
  /** A path below `src`, or a package. */
  readonly to: string;
  readonly typeOnly: boolean;
}

const root = fileURLToPath(new URL("../src", import.meta.url));
const files = readdirSync(root, { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"));
const importsOf = new Map(
  files.map((file) => [file, parseImports(file, readFileSync(join(root, file), "utf8"))]),
);

function parseImports(file: string, source: string): Import[] {
  const statement =
    /^(?:import|export)(?:\s+(type)\b)?(?:[^;"]*?\sfrom)?\s*"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/gm;
  return [...source.matchAll(statement)].map(([, type, target = "", dynamic]) => {
    const to = dynamic ?? target;
    return {
      to: to.startsWith(".") ? posix.join(dirname(file), to) : to,
      typeOnly: type !== undefined,
    };
  });
}

/** Why `from` may not import `to`; nothing where it may. */
function objection(from: string, to: string): string | undefined {
  const [folder = "", rest] = from.split("/");
  if (rest === undefined)
    return doors.includes(from) || !to.includes("/") ? undefined : `src/${from} may know no folder`;
  if (!to.includes("/") && !doors.includes(to) && folder !== "cli") return undefined;
  const allowed = arrows[folder];
  if (!allowed) return `${folder}/ has no row in test/layers.test.ts`;
  const known = [folder, ...allowed].some((one) => to === one || to.startsWith(`${one}/`));
  return known ? undefined : `${folder}/ may not know ${to}`;
}

describe("layers", () => {
  it("reads imports of every kind", () => {
    const source = `import type { A } from "./a.ts";
      \nimport {\n  b,\n  type C,\n} from "../formats/b.ts";\nimport "node:fs";\nexport { d } from "zod";
const e = import("sharp");\nconst text = "from "; const other = "./f.ts";`;
    expect(parseImports("graph/x.ts", source)).toEqual([
      { to: "graph/a.ts", typeOnly: true },
      { to: "formats/b.ts", typeOnly: false },
      { to: "node:fs", typeOnly: false },
      { to: "zod", typeOnly: false },
      { to: "sharp", typeOnly: false },
    ]);
    expect(files.length).toBeGreaterThan(50);
    expect(importsOf.get("graph/grad.ts")?.map(({ to }) => to)).toContain("formats/tensor.ts");
  });

  it.each([
    ["graph/ops.ts", "formats/tensor.ts", undefined],
    ["graph/ops.ts", "errors.ts", undefined],
    ["graph/ops.ts", "graph/value.ts", undefined],
    ["graph/ops.ts", "model/vit.ts", "graph/ may not know model/vit.ts"],
    ["formats/tensor.ts", "graph/value.ts", "formats/ may not know graph/value.ts"],
    ["model/vit.ts", "preprocessing/steps.ts", undefined],
    ["model/vit.ts", "images/decode.ts", "model/ may not know images/decode.ts"],
    ["images/decode.ts", "model/model.ts", "images/ may not know model/model.ts"],
    ["predict/classifier.ts", "runs/train.ts", "predict/ may not know runs/train.ts"],
    ["train/fit.ts", "runs/train.ts", "train/ may not know runs/train.ts"],
    ["runs/train.ts", "index.ts", "runs/ may not know index.ts"],
    ["cli/train.ts", "node.ts", undefined],
    ["cli/train.ts", "cli/options.ts", undefined],
    ["cli/train.ts", "errors.ts", "cli/ may not know errors.ts"],
    ["cli/train.ts", "runs/train.ts", "cli/ may not know runs/train.ts"],
    ["errors.ts", "graph/ops.ts", "src/errors.ts may know no folder"],
    ["index.ts", "runs/train.ts", undefined],
    ["studio/server.ts", "images/decode.ts", "studio/ has no row in test/layers.test.ts"],
  ])("knows of %s importing %s", (from, to, answer) => {
    expect(objection(from, to)).toBe(answer);
  });

  it("holds in every file", () => {
    const wrong = [...importsOf].flatMap(([from, imports]) =>
      imports
        .filter(({ to }) => importsOf.has(to))
        .flatMap(({ to }) => {
          const why = objection(from, to);
          return why ? [`src/${from} imports ${to}: ${why}`] : [];
        }),
    );
    expect(wrong).toEqual([]);
  });

  it("keeps Node out of what runs in a browser", () => {
    const wrong: string[] = [];
    const seen = new Set<string>();
    const visit = (file: string, way: string) => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const { to, typeOnly } of importsOf.get(file) ?? []) {
        if (typeOnly) continue;
        if (importsOf.has(to)) visit(to, `${way} → ${to}`);
        else if (!browserPackages.test(to)) wrong.push(`${way} → ${to}`);
      }
    };
    const entries = files.filter((file) => browser.some((pattern) => pattern.test(file)));
    for (const file of entries) visit(file, file);
    expect(wrong).toEqual([]);
    for (const pattern of browser)
      expect(
        entries.some((file) => pattern.test(file)),
        `${pattern}`,
      ).toBe(true);
  });
});
