/** Preprocessing as data: a list of named steps that travels inside the adapter. */

/** Resampling filters, as Pillow defines them (antialiased when shrinking). */
export const filters = ["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"] as const;
export type Filter = (typeof filters)[number];

type Size = readonly [height: number, width: number];

/** One named step. Steps named `random…` act in training only; evaluation takes their still counterpart. */
export type Step =
  /** Both sides to `size`, whatever the aspect ratio ("squash"). */
  | readonly ["resize", { readonly size: Size; readonly filter: Filter }]
  /** The shorter side to `size`, aspect ratio kept. */
  | readonly ["resizeShort", { readonly size: number; readonly filter: Filter }]
  | readonly ["centerCrop", { readonly size: Size }]
  | readonly ["randomCrop", { readonly size: Size }]
  /** An area `scale` of the image at aspect `ratio`, resized (torchvision's RandomResizedCrop). */
  | readonly [
      "randomResizedCrop",
      {
        readonly size: Size;
        readonly scale: readonly [number, number];
        readonly ratio: readonly [number, number];
        readonly filter: Filter;
      },
    ]
  | readonly ["randomHorizontalFlip", { readonly probability: number }]
  /** (rgb / 255 - mean) / std, per channel; always the last step. */
  | readonly [
      "normalize",
      { readonly mean: readonly [number, number, number]; readonly std: readonly [number, number, number] },
    ];
