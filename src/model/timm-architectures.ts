/** What no checkpoint says of timm's Vision Transformers. Made by parity/make_timm_architectures.py from timm 1.0.31. */

import type { ActivationName } from "./activations.ts";
import type { RotaryName } from "./rotary.ts";
import type { PoolName } from "./vit-config.ts";

/** Left out are exact GELU, the CLS token as the feature, an epsilon of 1e-6 and no rotary positions. */
export interface TimmTraits {
  readonly heads: number;
  readonly activation?: ActivationName;
  /** Where its configuration does not say. */
  readonly pool?: PoolName;
  readonly layerNormEps?: number;
  /** `none` where tensors could be taken for those of a model that has some, `other` of kinds that cannot be run. */
  readonly rotary?: RotaryName | "none" | "other";
}

// biome-ignore format: one name per line would be 272 lines
const namesByTraits: readonly (readonly [TimmTraits, readonly string[]])[] = [
  [{ heads: 2, pool: "mean" }, [
    "test_vit2",
  ]],
  [{ heads: 2 }, [
    "test_vit",
  ]],
  [{ heads: 3, pool: "attention", layerNormEps: 1e-05, rotary: "other" }, [
    "vit_pe_core_tiny_patch16_384",
  ]],
  [{ heads: 3, pool: "attention" }, [
    "test_vit3",
  ]],
  [{ heads: 3, pool: "mean", layerNormEps: 1e-05, rotary: "dinov3" }, [
    "vit_tiny_patch16_dinov3_qkvb",
  ]],
  [{ heads: 3, pool: "mean", rotary: "eva02" }, [
    "eva02_tiny_patch14_224", "eva02_tiny_patch14_336",
  ]],
  [{ heads: 3, pool: "mean", rotary: "other" }, [
    "vit_pe_spatial_tiny_patch16_512",
  ]],
  [{ heads: 3, pool: "mean" }, [
    "test_vit4",
  ]],
  [{ heads: 3 }, [
    "deit_tiny_distilled_patch16_224", "deit_tiny_patch16_224", "vit_tiny_patch16_224",
    "vit_tiny_patch16_224_in21k", "vit_tiny_patch16_384",
  ]],
  [{ heads: 4, layerNormEps: 1e-05 }, [
    "vit_xsmall_patch16_clip_224",
  ]],
  [{ heads: 4, pool: "mean" }, [
    "vit_dwee_patch16_reg1_gap_256", "vit_wee_patch16_reg1_gap_256",
  ]],
  [{ heads: 5, pool: "mean" }, [
    "vit_dlittle_patch16_reg1_gap_256", "vit_little_patch16_reg1_gap_256", "vit_little_patch16_reg4_gap_256",
  ]],
  [{ heads: 6, layerNormEps: 1e-05, rotary: "dinov3" }, [
    "vit_small_patch16_lingbot",
  ]],
  [{ heads: 6, pool: "attention", layerNormEps: 1e-05, rotary: "other" }, [
    "vit_pe_core_small_patch16_384",
  ]],
  [{ heads: 6, pool: "mean", layerNormEps: 1e-05, rotary: "dinov3" }, [
    "vit_small_patch16_dinov3", "vit_small_patch16_dinov3_qkvb", "vit_small_plus_patch16_dinov3",
    "vit_small_plus_patch16_dinov3_qkvb",
  ]],
  [{ heads: 6, pool: "mean", rotary: "eva02" }, [
    "eva02_small_patch14_224", "eva02_small_patch14_336",
  ]],
  [{ heads: 6, pool: "mean", rotary: "other" }, [
    "vit_pe_spatial_small_patch16_512",
  ]],
  [{ heads: 6, rotary: "other" }, [
    "vit_small_patch16_rope_224", "vit_small_patch16_rope_ape_224", "vit_small_patch16_rope_mixed_224",
    "vit_small_patch16_rope_mixed_ape_224",
  ]],
  [{ heads: 6 }, [
    "deit3_small_patch16_224", "deit3_small_patch16_224_in21ft1k", "deit3_small_patch16_384",
    "deit3_small_patch16_384_in21ft1k", "deit_small_distilled_patch16_224", "deit_small_patch16_224",
    "flexivit_small", "vit_small_patch8_224", "vit_small_patch8_224_dino", "vit_small_patch14_dinov2",
    "vit_small_patch14_reg4_dinov2", "vit_small_patch16_36x1_224", "vit_small_patch16_224",
    "vit_small_patch16_224_dino", "vit_small_patch16_224_in21k", "vit_small_patch16_384",
    "vit_small_patch32_224", "vit_small_patch32_224_in21k", "vit_small_patch32_384",
  ]],
  [{ heads: 8, layerNormEps: 1e-05 }, [
    "vit_medium_patch16_clip_224", "vit_medium_patch32_clip_224",
  ]],
  [{ heads: 8, pool: "mean", layerNormEps: 1e-05 }, [
    "aimv2_large_patch14_224", "aimv2_large_patch14_336", "aimv2_large_patch14_448",
  ]],
  [{ heads: 8, pool: "mean", rotary: "other" }, [
    "vit_medium_patch16_rope_reg1_gap_256", "vit_mediumd_patch16_rope_reg1_gap_256",
  ]],
  [{ heads: 8, pool: "mean" }, [
    "vit_medium_patch16_gap_240", "vit_medium_patch16_gap_256", "vit_medium_patch16_gap_384",
    "vit_medium_patch16_reg1_gap_256", "vit_medium_patch16_reg4_gap_256", "vit_mediumd_patch16_reg4_gap_256",
    "vit_mediumd_patch16_reg4_gap_384",
  ]],
  [{ heads: 8 }, [
    "deit3_medium_patch16_224", "deit3_medium_patch16_224_in21ft1k",
  ]],
  [{ heads: 10, layerNormEps: 1e-05 }, [
    "vit_betwixt_patch32_clip_224",
  ]],
  [{ heads: 10, pool: "mean", rotary: "other" }, [
    "vit_betwixt_patch16_rope_reg4_gap_256",
  ]],
  [{ heads: 10, pool: "mean" }, [
    "vit_betwixt_patch16_gap_256", "vit_betwixt_patch16_reg1_gap_256", "vit_betwixt_patch16_reg4_gap_256",
    "vit_betwixt_patch16_reg4_gap_384",
  ]],
  [{ heads: 12, activation: "gelu-tanh", pool: "attention" }, [
    "vit_base_patch32_siglip_256",
  ]],
  [{ heads: 12, activation: "gelu-tanh", pool: "mean" }, [
    "vit_base_patch32_siglip_gap_256",
  ]],
  [{ heads: 12, activation: "quick-gelu", layerNormEps: 1e-05 }, [
    "vit_base_patch16_clip_quickgelu_224", "vit_base_patch32_clip_quickgelu_224",
  ]],
  [{ heads: 12, layerNormEps: 1e-05, rotary: "dinov3" }, [
    "vit_base_patch16_lingbot",
  ]],
  [{ heads: 12, layerNormEps: 1e-05 }, [
    "vit_base_patch16_clip_224", "vit_base_patch16_clip_384", "vit_base_patch32_224_clip_laion2b",
    "vit_base_patch32_clip_224", "vit_base_patch32_clip_256", "vit_base_patch32_clip_384",
    "vit_base_patch32_clip_448",
  ]],
  [{ heads: 12, pool: "attention", layerNormEps: 1e-05, rotary: "other" }, [
    "vit_pe_core_base_patch16_224",
  ]],
  [{ heads: 12, pool: "attention" }, [
    "vit_base_patch16_siglip_224", "vit_base_patch16_siglip_256", "vit_base_patch16_siglip_384",
    "vit_base_patch16_siglip_512",
  ]],
  [{ heads: 12, pool: "mean", layerNormEps: 1e-05, rotary: "dinov3" }, [
    "vit_base_patch16_dinov3", "vit_base_patch16_dinov3_qkvb",
  ]],
  [{ heads: 12, pool: "mean", layerNormEps: 1e-05 }, [
    "aimv2_huge_patch14_224", "aimv2_huge_patch14_336", "aimv2_huge_patch14_448", "beit3_base_patch16_224",
  ]],
  [{ heads: 12, pool: "mean", rotary: "eva02" }, [
    "eva02_base_patch14_224", "eva02_base_patch14_448",
  ]],
  [{ heads: 12, pool: "mean", rotary: "other" }, [
    "vit_base_patch16_rope_reg1_gap_256", "vit_pe_spatial_base_patch16_512",
  ]],
  [{ heads: 12, pool: "mean" }, [
    "beit_base_patch16_224", "beit_base_patch16_384", "beitv2_base_patch16_224",
    "vit_base_patch16_reg4_gap_256", "vit_base_patch16_rpn_224", "vit_base_patch16_siglip_gap_224",
    "vit_base_patch16_siglip_gap_256", "vit_base_patch16_siglip_gap_384", "vit_base_patch16_siglip_gap_512",
  ]],
  [{ heads: 12, rotary: "dinov3" }, [
    "vit_base_patch16_sapiens2",
  ]],
  [{ heads: 12, rotary: "eva02" }, [
    "eva02_base_patch16_clip_224",
  ]],
  [{ heads: 12, rotary: "other" }, [
    "vit_base_patch16_rope_224", "vit_base_patch16_rope_ape_224", "vit_base_patch16_rope_mixed_224",
    "vit_base_patch16_rope_mixed_ape_224",
  ]],
  [{ heads: 12 }, [
    "deit3_base_patch16_224", "deit3_base_patch16_224_in21ft1k", "deit3_base_patch16_384",
    "deit3_base_patch16_384_in21ft1k", "deit_base_distilled_patch16_224", "deit_base_distilled_patch16_384",
    "deit_base_patch16_224", "deit_base_patch16_384", "flexivit_base", "vit_base_patch8_224",
    "vit_base_patch8_224_dino", "vit_base_patch8_224_in21k", "vit_base_patch14_dinov2",
    "vit_base_patch14_reg1_tipsv2", "vit_base_patch14_reg4_dinov2", "vit_base_patch16_224",
    "vit_base_patch16_224_dino", "vit_base_patch16_224_in21k", "vit_base_patch16_224_miil",
    "vit_base_patch16_224_miil_in21k", "vit_base_patch16_224_sam", "vit_base_patch16_384",
    "vit_base_patch16_radio_v3", "vit_base_patch32_224", "vit_base_patch32_224_in21k",
    "vit_base_patch32_224_sam", "vit_base_patch32_384",
  ]],
  [{ heads: 13, pool: "mean" }, [
    "vit_so150m2_patch16_reg1_gap_256", "vit_so150m2_patch16_reg1_gap_384",
    "vit_so150m2_patch16_reg1_gap_448",
  ]],
  [{ heads: 14, layerNormEps: 1e-05 }, [
    "vit_base_patch16_plus_clip_240",
  ]],
  [{ heads: 14, pool: "attention" }, [
    "vit_so150m_patch16_reg4_map_256",
  ]],
  [{ heads: 14, pool: "mean" }, [
    "vit_so150m_patch16_reg4_gap_256", "vit_so150m_patch16_reg4_gap_384",
  ]],
  [{ heads: 14 }, [
    "vit_base_patch16_plus_240", "vit_base_patch32_plus_256",
  ]],
  [{ heads: 16, activation: "gelu-tanh", pool: "attention" }, [
    "vit_giantopt_patch16_siglip_256", "vit_giantopt_patch16_siglip_384", "vit_large_patch16_siglip_512",
    "vit_so400m_patch16_siglip_256", "vit_so400m_patch16_siglip_384", "vit_so400m_patch16_siglip_512",
  ]],
  [{ heads: 16, activation: "gelu-tanh", pool: "mean" }, [
    "vit_giantopt_patch16_siglip_gap_256", "vit_giantopt_patch16_siglip_gap_384",
    "vit_large_patch16_siglip_gap_512", "vit_so400m_patch16_siglip_gap_256",
    "vit_so400m_patch16_siglip_gap_384", "vit_so400m_patch16_siglip_gap_512",
  ]],
  [{ heads: 16, activation: "quick-gelu", layerNormEps: 1e-05 }, [
    "vit_gigantic_patch14_clip_quickgelu_224", "vit_huge_patch14_clip_quickgelu_224",
    "vit_huge_patch14_clip_quickgelu_378", "vit_large_patch14_clip_quickgelu_224",
    "vit_large_patch14_clip_quickgelu_336",
  ]],
  [{ heads: 16, layerNormEps: 1e-05, rotary: "dinov3" }, [
    "vit_large_patch16_lingbot",
  ]],
  [{ heads: 16, layerNormEps: 1e-05 }, [
    "vit_giant_patch14_224_clip_laion2b", "vit_giant_patch14_clip_224", "vit_gigantic_patch14_clip_224",
    "vit_gigantic_patch14_clip_378", "vit_huge_patch14_224_clip_laion2b", "vit_huge_patch14_clip_224",
    "vit_huge_patch14_clip_336", "vit_huge_patch14_clip_378", "vit_large_patch14_224_clip_laion2b",
    "vit_large_patch14_clip_224", "vit_large_patch14_clip_336",
  ]],
  [{ heads: 16, pool: "attention", layerNormEps: 1e-05, rotary: "other" }, [
    "vit_pe_core_gigantic_patch14_448", "vit_pe_core_large_patch14_336",
  ]],
  [{ heads: 16, pool: "attention" }, [
    "vit_large_patch16_siglip_256", "vit_large_patch16_siglip_384", "vit_so400m_patch14_siglip_224",
    "vit_so400m_patch14_siglip_378", "vit_so400m_patch14_siglip_384",
  ]],
  [{ heads: 16, pool: "mean", layerNormEps: 1e-05, rotary: "dinov3" }, [
    "vit_large_patch16_dinov3", "vit_large_patch16_dinov3_qkvb",
  ]],
  [{ heads: 16, pool: "mean", layerNormEps: 1e-05 }, [
    "aimv2_1b_patch14_224", "aimv2_1b_patch14_336", "aimv2_1b_patch14_448", "beit3_giant_patch14_224",
    "beit3_giant_patch14_336", "beit3_large_patch16_224",
  ]],
  [{ heads: 16, pool: "mean", rotary: "eva02" }, [
    "eva02_large_patch14_224", "eva02_large_patch14_448",
  ]],
  [{ heads: 16, pool: "mean", rotary: "none" }, [
    "eva_giant_patch14_224", "eva_giant_patch14_336", "eva_giant_patch14_560",
  ]],
  [{ heads: 16, pool: "mean", rotary: "other" }, [
    "vit_pe_lang_gigantic_patch14_448", "vit_pe_lang_large_patch14_448",
    "vit_pe_spatial_gigantic_patch14_448", "vit_pe_spatial_large_patch14_448",
  ]],
  [{ heads: 16, pool: "mean" }, [
    "beit_large_patch16_224", "beit_large_patch16_384", "beit_large_patch16_512", "beitv2_large_patch16_224",
    "eva_large_patch14_196", "eva_large_patch14_336", "vit_base_patch16_gap_224", "vit_giant_patch16_gap_224",
    "vit_huge_patch14_gap_224", "vit_huge_patch16_gap_448", "vit_large_patch16_siglip_gap_256",
    "vit_large_patch16_siglip_gap_384", "vit_so400m_patch14_siglip_gap_224",
    "vit_so400m_patch14_siglip_gap_378", "vit_so400m_patch14_siglip_gap_384",
    "vit_so400m_patch14_siglip_gap_448", "vit_so400m_patch14_siglip_gap_896",
  ]],
  [{ heads: 16, rotary: "dinov3" }, [
    "vit_huge_patch16_sapiens2", "vit_large_patch16_sapiens2",
  ]],
  [{ heads: 16, rotary: "eva02" }, [
    "eva02_large_patch14_clip_224", "eva02_large_patch14_clip_336",
  ]],
  [{ heads: 16, rotary: "none" }, [
    "eva02_enormous_patch14_clip_224", "eva_giant_patch14_clip_224",
  ]],
  [{ heads: 16, rotary: "other" }, [
    "vit_large_patch16_rope_224", "vit_large_patch16_rope_ape_224", "vit_large_patch16_rope_mixed_224",
    "vit_large_patch16_rope_mixed_ape_224",
  ]],
  [{ heads: 16 }, [
    "deit3_huge_patch14_224", "deit3_huge_patch14_224_in21ft1k", "deit3_large_patch16_224",
    "deit3_large_patch16_224_in21ft1k", "deit3_large_patch16_384", "deit3_large_patch16_384_in21ft1k",
    "flexivit_large", "vit_giant_patch14_224", "vit_gigantic_patch14_224", "vit_huge_patch14_224",
    "vit_huge_patch14_224_in21k", "vit_huge_patch16_radio_v3", "vit_huge_patch16_radio_v4",
    "vit_intern300m_patch14_448", "vit_large_patch14_224", "vit_large_patch14_dinov2",
    "vit_large_patch14_reg1_tipsv2", "vit_large_patch14_reg4_dinov2", "vit_large_patch16_224",
    "vit_large_patch16_224_in21k", "vit_large_patch16_384", "vit_large_patch16_radio_v3",
    "vit_large_patch32_224", "vit_large_patch32_224_in21k", "vit_large_patch32_384",
    "vit_so400m_patch14_reg1_tipsv2", "vit_so400m_patch16_radio_v4",
  ]],
  [{ heads: 20, pool: "mean", layerNormEps: 1e-05, rotary: "dinov3" }, [
    "vit_huge_plus_patch16_dinov3", "vit_huge_plus_patch16_dinov3_qkvb",
  ]],
  [{ heads: 24, layerNormEps: 1e-05, rotary: "dinov3" }, [
    "vit_giant_patch16_lingbot",
  ]],
  [{ heads: 24, pool: "mean", layerNormEps: 1e-05 }, [
    "aimv2_3b_patch14_224", "aimv2_3b_patch14_336", "aimv2_3b_patch14_448",
  ]],
  [{ heads: 24, rotary: "dinov3" }, [
    "vit_giant_patch16_sapiens2",
  ]],
  [{ heads: 24 }, [
    "vit_giant_patch14_dinov2", "vit_giant_patch14_reg1_tipsv2", "vit_giant_patch14_reg4_dinov2",
    "vit_giant_patch16_radio_v3",
  ]],
  [{ heads: 32, pool: "mean", layerNormEps: 1e-05, rotary: "dinov3" }, [
    "vit_7b_patch16_dinov3",
  ]],
  [{ heads: 32, rotary: "dinov3" }, [
    "vit_5b_patch16_sapiens2",
  ]],
];

const traitsByName: ReadonlyMap<string, TimmTraits> = new Map(
  namesByTraits.flatMap(([traits, names]) => names.map((name) => [name, traits] as const)),
);

/** The architecture that timm calls `name`, with or without the tag of its weights; nothing where it is unknown. */
export const timmTraits = (name: string): TimmTraits | undefined =>
  traitsByName.get(name.split(".")[0] ?? name);
