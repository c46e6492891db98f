/** One HTML page that classifies images without a network: model, labels, preprocessing and runtime are inside. */

import { gzipSync } from "fflate";
import { limits } from "../limits.ts";
import { pageScript } from "./page-script.ts";

export interface PageParts {
  readonly title: string;
  /** What it is and how it was compared, a line each. */
  readonly lines: readonly string[];
  readonly labels: readonly string[];
  /** What makes probabilities of logits. */
  readonly scores: "softmax" | "sigmoid";
  /** Below which probability an image is none of the labels. */
  readonly unknownBelow?: number | undefined;
  /** ONNX bytes, with preprocessing inside. */
  readonly model: Uint8Array;
  /** JavaScript and WebAssembly of the runtime. */
  readonly runtime: { readonly code: Uint8Array; readonly wasm: Uint8Array };
}

/** Whole groups of three bytes, so that each chunk of base64 can be decoded by itself. */
const chunkBytes = 3 * 2 ** 20;

/** Nothing may be asked of any server: the browser refuses what is not in the page. */
const policy =
  "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval' blob:; style-src 'unsafe-inline'; img-src blob:";

/** The page in chunks, as it may have hundreds of megabytes. */
export function* renderPage(parts: PageParts): Generator<Uint8Array> {
  const { title, lines, labels, scores, unknownBelow, model, runtime } = parts;
  const facts = { labels, scores, unknownBelow, mostPixels: limits.MAX_PIXELS.value };
  yield text(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<p id="state" role="status">Unpacking the model …</p>
<label>Choose images <input id="files" type="file" accept="image/*" multiple></label>
<div id="results"></div>
<footer>${lines.map((line) => `<p>${escaped(line)}</p>`).join("\n")}
<p>Everything runs in this page: no image leaves this computer, and no network is needed. It holds ONNX Runtime Web, © Microsoft Corporation, under the MIT licence.</p></footer>
<script type="application/json" id="facts">${JSON.stringify(facts).replaceAll("<", "\\u003c")}</script>
`);
  yield* packed("runtime", runtime.code);
  yield* packed("wasm", runtime.wasm);
  yield* packed("model", model);
  yield text(`<script>${pageScript}</script>\n</body>\n</html>\n`);
}

function* packed(name: string, bytes: Uint8Array): Generator<Uint8Array> {
  const small = gzipSync(bytes, { level: 6, mtime: 0 });
  for (let at = 0; at < small.length; at += chunkBytes) {
    const part = Buffer.from(small.subarray(at, at + chunkBytes)).toString("base64");
    yield text(`<script type="text/plain" class="${name}">${part}</script>\n`);
  }
}

const text = (string: string): Uint8Array => Buffer.from(string);

const escaped = (string: string): string => string.replace(/[&<>"]/g, (mark) => `&#${mark.charCodeAt(0)};`);

const style = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark; }
#results { display: grid; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); gap: 1rem; margin: 1rem 0; }
figure { margin: 0; padding: 1rem; border: 1px solid #8888; border-radius: 6px; }
figure img { max-width: 100%; max-height: 12rem; }
figcaption { overflow-wrap: anywhere; }
ol { padding-left: 1.5rem; margin: 0.5rem 0 0; }
footer { font-size: 0.85rem; opacity: 0.8; }
`;
