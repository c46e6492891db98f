/** Recognises tensors of unsupported architectures, and tensors of plain ViTs that are not needed. */

import { FileError } from "../errors.ts";

const plain = "Only plain ViTs can be read: a CLS token, pre-norm blocks, GELU and one final norm.";

// First match wins, so what is typical of one architecture stands before what several share.
const unsupported: readonly (readonly [pattern: RegExp, what: string])[] = [
  [
    /(^|\.)(dist_token|distillation_token)$|(^|\.)(head_dist|cls_classifier|distillation_classifier)\./,
    "a distilled DeiT",
  ],
  [/(^|\.)(reg_token|register_tokens)$/, "a ViT with register tokens"],
  [/relative_position|(^|\.)rel_pos/, "a model with relative position bias (Swin, BEiT)"],
  [/(^|\.)layers\.\d+\.(blocks|downsample)\.|^swin\./, "a Swin Transformer"],
  [/layer_scale[12]?\.|(^|\.)gamma_[12]$/, "a ViT with layer scale"],
  [/(^|\.)(q_norm|k_norm)\./, "a ViT with normalised queries and keys"],
  [/(^|\.)fc_norm\./, "a ViT that averages its tokens"],
  [/(^|\.)(norm_pre|ln_pre|pre_layrnorm|pre_layernorm)\./, "a ViT with a norm before its blocks (CLIP)"],
  [/(^|\.)attn_pool\.|(^|\/)MAPHead_\d+\//, "a ViT with attention pooling"],
  [
    /(^|\/)(conv_root|gn_root|block\d+\/unit\d+)\/|(^|\.)patch_embed\.backbone\./,
    "a hybrid of ResNet and ViT",
  ],
  [/\.mlp\.(w12|w3|weights_in|weights_out|gate_proj|up_proj|down_proj|fc1_g|fc1_x)\./, "a ViT with SwiGLU"],
  [/(^|\/)Transformer\/encoderblock\//, "a ViT with its blocks stacked in one array (scan)"],
];

/** Throws for the first tensor name of an unsupported architecture. */
export function refuseUnsupported(names: Iterable<string>, where: string): void {
  for (const name of names)
    for (const [pattern, what] of unsupported)
      if (pattern.test(name))
        throw new FileError(`${where}: tensor ${JSON.stringify(name)} belongs to ${what}. ${plain}`);
}

const ignorable: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/(^|\.)pooler\./, "the pooler"],
  [/(^|\.)(momentum_encoder|student|target_encoder)\./, "the other encoder of pre-training"],
  [/(^|\.)predictor\./, "the predictor of pre-training"],
  [/(^|\.)head\.(\d+|mlp|last_layer)\./, "the projection head of pre-training"],
  [/(^|\/)pre_logits[./]/, "the layer before the head (pre_logits)"],
  [/(^|\.)mask_token$/, "the mask token"],
  [/(^|\.)decoder(_embed|_blocks|_norm|_pred)?\.|(^|\.)decoder_pos_embed$/, "the decoder of pre-training"],
  [/^opt\/state\//, "the state of an optimizer"],
];

/** What a tensor is that can be ignored; undefined for any other. */
export const ignorableKind = (name: string): string | undefined =>
  ignorable.find(([pattern]) => pattern.test(name))?.[1];
