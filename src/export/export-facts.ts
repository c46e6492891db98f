/** What an exported file says of itself: its labels, its base, and how images are prepared. */

import { parseHubId } from "../model/hub.ts";
import { namedModels } from "../model/named-models.ts";
import type { OpenedModel } from "../predict/open-model.ts";
import { describeSteps } from "../preprocessing/describe-steps.ts";
import { version } from "../version.ts";
import type { Precision } from "./precisions.ts";
import { rawPixels } from "./preprocess-nodes.ts";

export interface BaseFacts {
  /** A hub id; nothing where the base was a file of somebody's. */
  readonly id: string | undefined;
  readonly sha256: string | undefined;
  /** Nothing where it is not known. */
  readonly licence: string | undefined;
}

export function baseFacts({ model, adapter }: Pick<OpenedModel, "model" | "adapter">): BaseFacts {
  const name = parseHubId(adapter?.base.id ?? model.id)?.name;
  const id = name?.includes("/") ? name : undefined;
  const known = [...namedModels.values()].find(({ hubId }) => hubId === id);
  return { id, sha256: adapter?.base.sha256, licence: known?.licence };
}

/** How a model's config says that each label answers by itself. */
export const problemOf = ({ scores }: Pick<OpenedModel, "scores">): { readonly problem?: "multi-label" } =>
  scores === "sigmoid" ? { problem: "multi-label" } : {};

/** The metadata of an ONNX file: text by name. */
export function exportFacts(
  opened: OpenedModel,
  { precision, preprocessInside }: { readonly precision: Precision; readonly preprocessInside: boolean },
): Record<string, string> {
  const { adapter, labels, preprocessing, scores } = opened;
  const { id, sha256, licence } = baseFacts(opened);
  const facts = {
    made_by: `rlrr ${version}`,
    labels: JSON.stringify(labels),
    precision,
    takes: preprocessInside ? rawPixels : "prepared images as float32, [batch, 3, height, width]",
    preprocessing: `${describeSteps(preprocessing)}${preprocessInside ? "; inside the graph" : ""}`,
    probabilities: scores === "sigmoid" ? "the sigmoid of each logit" : "softmax over all logits",
    method: adapter?.method.name,
    base_model: id,
    base_model_sha256: sha256,
    base_model_licence: licence,
    unknown_below: adapter?.unknown && String(adapter.unknown.threshold),
  };
  return Object.fromEntries(
    Object.entries(facts).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}
