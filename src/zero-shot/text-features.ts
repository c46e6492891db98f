/** Features of classes from their prompts: the text tower over each, the mean of those of a class, of length 1. */

import type { Engine, Session } from "../engine/engine.ts";
import { InputError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import type { Tensor } from "../formats/tensor.ts";
import { needed } from "../needed.ts";
import type { TextTower } from "./read-text-tower.ts";
import { textGraph } from "./text-tower.ts";
import type { TextTokenizer } from "./tokenizer.ts";

export interface TextFeatureOptions {
  readonly engine: Engine;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Texts of one run of the tower. */
const most = 32;

/** [classes, features]: of each class the mean of its prompts' features, each of length 1, and itself made so. Radford et al. 2021, section 3.1.4. */
export async function classFeatures(
  prompts: readonly (readonly string[])[],
  { tower, tokenizer }: { readonly tower: TextTower; readonly tokenizer: TextTokenizer },
  options: TextFeatureOptions,
): Promise<Tensor> {
  const texts = prompts.flat();
  const encoded = texts.map((text) => tokensOf(text, tower, tokenizer));
  const rows = await featuresOf(encoded, tower, options);
  const { features } = tower.config;
  const data = new Float32Array(prompts.length * features);
  let at = 0;
  for (const [index, { length }] of prompts.entries()) {
    const mean = new Float64Array(features);
    const text = texts[at] ?? "";
    for (const end = at + length; at < end; at++) {
      const row = unitOf(rows.subarray(at * features, (at + 1) * features), texts[at] ?? "");
      for (const [column, value] of row.entries()) mean[column] = (mean[column] as number) + value;
    }
    data.set(unitOf(mean, text), index * features);
  }
  return { shape: [prompts.length, features], data };
}

/** A row of length 1; nothing where it is zeros, or not numbers. */
export function unit(row: ArrayLike<number>): Float64Array | undefined {
  const values = Float64Array.from(row);
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return length > 0 && Number.isFinite(length) ? values.map((value) => value / length) : undefined;
}

/** Of a text, or of a mean of texts, such as `text`. */
function unitOf(row: ArrayLike<number>, text: string): Float64Array {
  const found = unit(row);
  if (found) return found;
  throw new InputError(
    `The text tower's feature of ${showValue(text)} is zeros or not numbers, so it has no direction. Are the weights damaged?`,
  );
}

interface Encoded {
  readonly tokens: readonly number[];
  /** Where the token is that the feature is read from. */
  readonly last: number;
}

/** CLIP reads the token that ends the text, SigLIP the last of all that it has room for. */
function tokensOf(text: string, { config, padding: own }: TextTower, tokenizer: TextTokenizer): Encoded {
  const tokens = tokenizer.encode(text);
  if (tokens.length > config.tokens)
    throw new InputError(
      `The prompt ${showValue(text)} has ${tokens.length} tokens; this text tower reads ${config.tokens}. Shorten it.`,
    );
  if (config.causal) return { tokens, last: tokens.length - 1 };
  const padding = tokenizer.padding ?? own ?? tokens.at(-1) ?? 0;
  const filled = Array.from({ length: config.tokens }, (_, at) => tokens[at] ?? padding);
  return { tokens: filled, last: config.tokens - 1 };
}

/** [texts, features], the shortest texts first, so that few tokens are run that stand for nothing. */
async function featuresOf(
  texts: readonly Encoded[],
  tower: TextTower,
  { engine, signal, onProgress }: TextFeatureOptions,
): Promise<Float32Array> {
  const { config, weights } = tower;
  const { features } = config;
  const embed = await embedding(texts, tower);
  const order = [...texts].map((text, index) => ({ text, index }));
  order.sort((a, b) => a.text.tokens.length - b.text.tokens.length);
  const rows = new Float32Array(texts.length * features);
  const batchSize = Math.min(most, texts.length);
  let compiled: { readonly tokens: number; readonly session: Session } | undefined;
  try {
    for (let from = 0; from < order.length; from += batchSize) {
      signal?.throwIfAborted();
      const batch = order.slice(from, from + batchSize);
      const tokens = Math.max(...batch.map(({ text }) => text.tokens.length));
      if (compiled?.tokens !== tokens) {
        await compiled?.session.close();
        compiled = undefined;
        const graph = textGraph(config, { weights, batchSize, tokens });
        compiled = { tokens, session: await engine.compile(graph) };
      }
      const { feature } = await compiled.session.run(
        feedsOf(
          batch.map(({ text }) => text),
          { embed, batchSize, tokens, width: config.width },
        ),
      );
      for (const [at, { index }] of batch.entries())
        rows.set(
          needed(feature, "output feature").subarray(at * features, (at + 1) * features),
          index * features,
        );
      onProgress?.(from + batch.length, texts.length);
    }
  } finally {
    await compiled?.session.close();
  }
  return rows;
}

/** The rows of all tokens that occur, each read once. */
async function embedding(
  texts: readonly Encoded[],
  tower: TextTower,
): Promise<(token: number) => Float32Array> {
  const { width } = tower.config;
  const tokens = [...new Set(texts.flatMap((text) => text.tokens))].sort((a, b) => a - b);
  const rows = await tower.embed(tokens);
  const rowOf = new Map(tokens.map((token, at) => [token, rows.subarray(at * width, (at + 1) * width)]));
  return (token) => needed(rowOf.get(token), `token ${token}`);
}

interface FeedSizes {
  readonly embed: (token: number) => Float32Array;
  readonly batchSize: number;
  readonly tokens: number;
  readonly width: number;
}

function feedsOf(batch: readonly Encoded[], { embed, batchSize, tokens, width }: FeedSizes) {
  const embeddings = new Float32Array(batchSize * tokens * width);
  const last = new Float32Array(batchSize * tokens);
  for (const [at, text] of batch.entries()) {
    for (const [place, token] of text.tokens.entries())
      embeddings.set(embed(token), (at * tokens + place) * width);
    last[at * tokens + text.last] = 1;
  }
  return { embeddings, last };
}
