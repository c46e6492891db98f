/** The names of the studies that come with the program. */

export const presetNames = [
  "vtab",
  "fgvc",
  "ablation-sides",
  "ablation-init",
  "ablation-rank",
  "ablation-sites",
  "compare",
] as const;

export type PresetName = (typeof presetNames)[number];
