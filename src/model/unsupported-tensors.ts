/** Recognises tensors of architectures that cannot be read, and tensors of Vision Transformers that are not needed. */

import { FileError } from "../errors.ts";

// First match wins, so what is typical of one architecture stands before what several share.
const unsupported: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/(^|\.)layers\.\d+\.(blocks|downsample)\.|^swin\./, "a Swin Transformer"],
  [/(^|\.)rope\.freqs$/, "a ViT whose rotary positions are learned"],
  [/(^|\.)(q_norm|k_norm)\./, "a ViT with normalised queries and keys"],
  [/(^|\.)attn\.(norm|inner_attn_ln)\./, "a ViT with a norm inside attention"],
  [
    /(^|\.)(encoder\.relative_position_bias|rel_pos_bias)\./,
    "a BEiT with one table of relative positions for all blocks",
  ],
  [/(^|\/)MAPHead_\d+\//, "a ViT with attention pooling in big_vision's names"],
  [
    /(^|\/)(conv_root|gn_root|block\d+\/unit\d+)\/|(^|\.)patch_embed\.backbone\./,
    "a hybrid of ResNet and ViT",
  ],
  [/(^|\/)Transformer\/encoderblock\//, "a ViT with its blocks stacked in one array (scan)"],
];

/** Throws for the first tensor name of an unsupported architecture. */
export function refuseUnsupported(names: Iterable<string>, where: string): void {
  for (const name of names)
    for (const [pattern, what] of unsupported)
      if (pattern.test(name))
        throw new FileError(
          `${where}: tensor ${JSON.stringify(name)} belongs to ${what}, which cannot be read.`,
        );
}

const ignorable: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/(^|\.)pooler\./, "the pooler"],
  [/^(\w+\.)?(text_model|text_projection|text)(\.|$)/, "the text tower"],
  [/^(module\.)?(token_embedding|positional_embedding|ln_final|transformer)(\.|$)/, "the text tower"],
  [/(^|\.)(logit_scale|logit_bias)$/, "the scale of image and text"],
  [/(^|\.)visual_projection\.weight$|(^|\.)visual\.proj$/, "the projection to the space of texts"],
  [/(^|\.)(relative_position_index|position_ids|rope|rope\.\w+|inv_freq)$/, "tables that are computed anew"],
  [/(^|\.)lm_head\./, "the head of pre-training"],
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
