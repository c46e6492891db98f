/** What a packed page does: unpack runtime and model, and classify the images that are dropped on it. */

/** Plain JavaScript for the browser; it reads what `page.ts` puts beside it, and asks nothing of any server. */
export const pageScript = `
const byId = (id) => document.getElementById(id);
const facts = JSON.parse(byId("facts").textContent);

async function unpack(id) {
  const parts = [];
  for (const { textContent } of document.querySelectorAll("." + id)) {
    const text = atob(textContent);
    const bytes = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
    parts.push(bytes);
  }
  const stream = new Blob(parts).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function open() {
  const code = await unpack("runtime");
  const ort = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = await unpack("wasm");
  const session = await ort.InferenceSession.create(await unpack("model"));
  return { ort, session };
}

/** RGBA as a transparent file has it: a canvas would lose the colours beneath, a texture keeps them. */
function readTransparent(bitmap) {
  const { width, height } = bitmap;
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
  if (!gl || Math.max(width, height) > gl.getParameter(gl.MAX_TEXTURE_SIZE))
    throw new Error("It is transparent in part, and this browser cannot read the colours beneath.");
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, gl.getParameter(gl.TEXTURE_BINDING_2D), 0);
  const data = new Uint8Array(4 * width * height);
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, data);
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return data;
}

/** Pixels as the file has them: no colour profile, no blending of transparency, upright. */
async function read(file) {
  const bitmap = await createImageBitmap(file, {
    colorSpaceConversion: "none", premultiplyAlpha: "none", imageOrientation: "from-image",
  });
  const { width, height } = bitmap;
  if (width * height > facts.mostPixels) throw new Error("The image has too many pixels.");
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  let { data } = context.getImageData(0, 0, width, height);
  if (data.some((value, at) => at % 4 === 3 && value < 255)) data = readTransparent(bitmap);
  bitmap.close();
  const plane = width * height;
  const planes = new Float32Array(3 * plane);
  for (let at = 0; at < plane; at++)
    for (let channel = 0; channel < 3; channel++) planes[channel * plane + at] = data[4 * at + channel];
  return { planes, shape: [1, 3, height, width] };
}

/** One class of all, or each label by itself. */
const scores = { softmax, sigmoid: (logits) => Array.from(logits, (logit) => 1 / (1 + Math.exp(-logit))) };

function softmax(logits) {
  const most = Math.max(...logits);
  const parts = Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = parts.reduce((a, b) => a + b, 0);
  return parts.map((part) => part / sum);
}

async function classify({ ort, session }, file) {
  const { planes, shape } = await read(file);
  const { logits } = await session.run({ pixel_values: new ort.Tensor("float32", planes, shape) });
  return scores[facts.scores](logits.data)
    .map((probability, index) => ({ label: facts.labels[index], probability }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, 5);
}

function element(name, text, parent) {
  const made = document.createElement(name);
  made.textContent = text;
  parent.append(made);
  return made;
}

function card(file) {
  const figure = element("figure", "", byId("results"));
  const image = element("img", "", figure);
  image.alt = "";
  image.src = URL.createObjectURL(file);
  element("figcaption", file.name, figure);
  return figure;
}

function show(figure, best) {
  if (facts.unknownBelow !== undefined && best[0].probability < facts.unknownBelow)
    element("p", "Probably none of the classes.", figure);
  const list = element("ol", "", figure);
  for (const { label, probability } of best) {
    const item = element("li", label + " ", list);
    item.dataset.label = label;
    item.dataset.probability = probability;
    element("b", (100 * probability).toFixed(1) + " %", item);
  }
}

const opened = open();
opened.then(
  () => { byId("state").textContent = "Ready. Drop images here, or choose some."; document.body.dataset.state = "ready"; },
  (error) => { byId("state").textContent = "This browser cannot run the model: " + error.message; document.body.dataset.state = "failed"; },
);

/** One after the other: they share one thread. */
let last = Promise.resolve();
function take(files) {
  for (const file of files) {
    const figure = card(file);
    last = last.then(async () => {
      try { show(figure, await classify(await opened, file)); }
      catch (error) { element("p", "It cannot be classified: " + error.message, figure); }
    });
  }
}
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => { event.preventDefault(); take(event.dataTransfer.files); });
byId("files").addEventListener("change", (event) => take(event.target.files));
`;
