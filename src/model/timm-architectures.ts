/** The number of heads of timm's plain ViTs, which no checkpoint says. Made by parity/make_timm_architectures.py from timm 1.0.31. */

// biome-ignore format: one name per line would be 196 lines
const namesByHeads: Readonly<Record<number, readonly string[]>> = {
  2: [
    "test_vit", "test_vit2",
  ],
  3: [
    "deit_tiny_patch16_224", "test_vit3", "test_vit4", "vit_tiny_patch16_224", "vit_tiny_patch16_224_in21k",
    "vit_tiny_patch16_384",
  ],
  4: [
    "vit_dwee_patch16_reg1_gap_256", "vit_wee_patch16_reg1_gap_256", "vit_xsmall_patch16_clip_224",
  ],
  5: [
    "vit_dlittle_patch16_reg1_gap_256", "vit_little_patch16_reg1_gap_256", "vit_little_patch16_reg4_gap_256",
  ],
  6: [
    "deit3_small_patch16_224", "deit3_small_patch16_224_in21ft1k", "deit3_small_patch16_384",
    "deit3_small_patch16_384_in21ft1k", "deit_small_patch16_224", "flexivit_small", "vit_small_patch8_224",
    "vit_small_patch8_224_dino", "vit_small_patch14_dinov2", "vit_small_patch14_reg4_dinov2",
    "vit_small_patch16_36x1_224", "vit_small_patch16_224", "vit_small_patch16_224_dino",
    "vit_small_patch16_224_in21k", "vit_small_patch16_384", "vit_small_patch32_224",
    "vit_small_patch32_224_in21k", "vit_small_patch32_384",
  ],
  8: [
    "aimv2_large_patch14_224", "aimv2_large_patch14_336", "aimv2_large_patch14_448",
    "deit3_medium_patch16_224", "deit3_medium_patch16_224_in21ft1k", "vit_medium_patch16_clip_224",
    "vit_medium_patch16_gap_240", "vit_medium_patch16_gap_256", "vit_medium_patch16_gap_384",
    "vit_medium_patch16_reg1_gap_256", "vit_medium_patch16_reg4_gap_256", "vit_medium_patch32_clip_224",
    "vit_mediumd_patch16_reg4_gap_256", "vit_mediumd_patch16_reg4_gap_384",
  ],
  10: [
    "vit_betwixt_patch16_gap_256", "vit_betwixt_patch16_reg1_gap_256", "vit_betwixt_patch16_reg4_gap_256",
    "vit_betwixt_patch16_reg4_gap_384", "vit_betwixt_patch32_clip_224",
  ],
  12: [
    "aimv2_huge_patch14_224", "aimv2_huge_patch14_336", "aimv2_huge_patch14_448", "beit3_base_patch16_224",
    "deit3_base_patch16_224", "deit3_base_patch16_224_in21ft1k", "deit3_base_patch16_384",
    "deit3_base_patch16_384_in21ft1k", "deit_base_patch16_224", "deit_base_patch16_384", "flexivit_base",
    "vit_base_patch8_224", "vit_base_patch8_224_dino", "vit_base_patch8_224_in21k", "vit_base_patch14_dinov2",
    "vit_base_patch14_reg1_tipsv2", "vit_base_patch14_reg4_dinov2", "vit_base_patch16_224",
    "vit_base_patch16_224_dino", "vit_base_patch16_224_in21k", "vit_base_patch16_224_miil",
    "vit_base_patch16_224_miil_in21k", "vit_base_patch16_224_sam", "vit_base_patch16_384",
    "vit_base_patch16_clip_224", "vit_base_patch16_clip_384", "vit_base_patch16_clip_quickgelu_224",
    "vit_base_patch16_radio_v3", "vit_base_patch16_reg4_gap_256", "vit_base_patch16_rpn_224",
    "vit_base_patch16_siglip_224", "vit_base_patch16_siglip_256", "vit_base_patch16_siglip_384",
    "vit_base_patch16_siglip_512", "vit_base_patch16_siglip_gap_224", "vit_base_patch16_siglip_gap_256",
    "vit_base_patch16_siglip_gap_384", "vit_base_patch16_siglip_gap_512", "vit_base_patch32_224",
    "vit_base_patch32_224_clip_laion2b", "vit_base_patch32_224_in21k", "vit_base_patch32_224_sam",
    "vit_base_patch32_384", "vit_base_patch32_clip_224", "vit_base_patch32_clip_256",
    "vit_base_patch32_clip_384", "vit_base_patch32_clip_448", "vit_base_patch32_clip_quickgelu_224",
    "vit_base_patch32_siglip_256", "vit_base_patch32_siglip_gap_256",
  ],
  13: [
    "vit_so150m2_patch16_reg1_gap_256", "vit_so150m2_patch16_reg1_gap_384",
    "vit_so150m2_patch16_reg1_gap_448",
  ],
  14: [
    "vit_base_patch16_plus_240", "vit_base_patch16_plus_clip_240", "vit_base_patch32_plus_256",
    "vit_so150m_patch16_reg4_gap_256", "vit_so150m_patch16_reg4_gap_384", "vit_so150m_patch16_reg4_map_256",
  ],
  16: [
    "aimv2_1b_patch14_224", "aimv2_1b_patch14_336", "aimv2_1b_patch14_448", "beit3_giant_patch14_224",
    "beit3_giant_patch14_336", "beit3_large_patch16_224", "deit3_huge_patch14_224",
    "deit3_huge_patch14_224_in21ft1k", "deit3_large_patch16_224", "deit3_large_patch16_224_in21ft1k",
    "deit3_large_patch16_384", "deit3_large_patch16_384_in21ft1k", "eva_large_patch14_196",
    "eva_large_patch14_336", "flexivit_large", "vit_base_patch16_gap_224", "vit_giant_patch14_224",
    "vit_giant_patch14_224_clip_laion2b", "vit_giant_patch14_clip_224", "vit_giant_patch16_gap_224",
    "vit_giantopt_patch16_siglip_256", "vit_giantopt_patch16_siglip_384",
    "vit_giantopt_patch16_siglip_gap_256", "vit_giantopt_patch16_siglip_gap_384", "vit_gigantic_patch14_224",
    "vit_gigantic_patch14_clip_224", "vit_gigantic_patch14_clip_378",
    "vit_gigantic_patch14_clip_quickgelu_224", "vit_huge_patch14_224", "vit_huge_patch14_224_clip_laion2b",
    "vit_huge_patch14_224_in21k", "vit_huge_patch14_clip_224", "vit_huge_patch14_clip_336",
    "vit_huge_patch14_clip_378", "vit_huge_patch14_clip_quickgelu_224", "vit_huge_patch14_clip_quickgelu_378",
    "vit_huge_patch14_gap_224", "vit_huge_patch16_gap_448", "vit_huge_patch16_radio_v3",
    "vit_huge_patch16_radio_v4", "vit_intern300m_patch14_448", "vit_large_patch14_224",
    "vit_large_patch14_224_clip_laion2b", "vit_large_patch14_clip_224", "vit_large_patch14_clip_336",
    "vit_large_patch14_clip_quickgelu_224", "vit_large_patch14_clip_quickgelu_336",
    "vit_large_patch14_dinov2", "vit_large_patch14_reg1_tipsv2", "vit_large_patch14_reg4_dinov2",
    "vit_large_patch16_224", "vit_large_patch16_224_in21k", "vit_large_patch16_384",
    "vit_large_patch16_radio_v3", "vit_large_patch16_siglip_256", "vit_large_patch16_siglip_384",
    "vit_large_patch16_siglip_512", "vit_large_patch16_siglip_gap_256", "vit_large_patch16_siglip_gap_384",
    "vit_large_patch16_siglip_gap_512", "vit_large_patch32_224", "vit_large_patch32_224_in21k",
    "vit_large_patch32_384", "vit_so400m_patch14_reg1_tipsv2", "vit_so400m_patch14_siglip_224",
    "vit_so400m_patch14_siglip_378", "vit_so400m_patch14_siglip_384", "vit_so400m_patch14_siglip_gap_224",
    "vit_so400m_patch14_siglip_gap_378", "vit_so400m_patch14_siglip_gap_384",
    "vit_so400m_patch14_siglip_gap_448", "vit_so400m_patch14_siglip_gap_896", "vit_so400m_patch16_radio_v4",
    "vit_so400m_patch16_siglip_256", "vit_so400m_patch16_siglip_384", "vit_so400m_patch16_siglip_512",
    "vit_so400m_patch16_siglip_gap_256", "vit_so400m_patch16_siglip_gap_384",
    "vit_so400m_patch16_siglip_gap_512",
  ],
  24: [
    "aimv2_3b_patch14_224", "aimv2_3b_patch14_336", "aimv2_3b_patch14_448", "vit_giant_patch14_dinov2",
    "vit_giant_patch14_reg1_tipsv2", "vit_giant_patch14_reg4_dinov2", "vit_giant_patch16_radio_v3",
  ],
};

const headsByName: ReadonlyMap<string, number> = new Map(
  Object.entries(namesByHeads).flatMap(([heads, names]) =>
    names.map((name) => [name, Number(heads)] as const),
  ),
);

/** Heads of the architecture that timm calls `name`, with or without the tag of its weights; nothing where it is unknown. */
export const timmHeads = (name: string): number | undefined => headsByName.get(name.split(".")[0] ?? name);
