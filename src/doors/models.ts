/** Backbones: their sizes, their sites, their layers, and what a prediction computes with them. */

/** A plain model's weights that give the adapted model's logits. */
export { mergeAdapter } from "../adapter/merge.ts";
/** The paper's equation 16. */
export { rescale } from "../methods/rlrr.ts";
/** The backbone of a model's sizes, and the published sizes by their names. */
export { backboneOf, describeConfig, isVariant, type ModelConfig, variants } from "../model/architectures.ts";
/** The shapes of a head's tensors. */
export {
  type Backbone,
  type BackboneValues,
  type BranchSite,
  headShapes,
  type LinearSite,
  type NormSite,
  type Site,
  type Structure,
} from "../model/backbone.ts";
/** Linear layers, and the layers of a backbone without a method. */
export {
  type Affine,
  affineOf,
  dense,
  type LayerChanges,
  type Layers,
  type ValueOf,
  weightLayers,
} from "../model/layers.ts";
/** The pre-trained models that have names of their own. */
export { describeNamed, type NamedModel, namedModels } from "../model/named-models.ts";
/** Frozen weights as constants of a graph. */
export { constantsOf } from "../model/weight-constants.ts";
/** The graph of a prediction. */
export { type PredictGraphOptions, predictGraph } from "../predict/predict-graph.ts";
