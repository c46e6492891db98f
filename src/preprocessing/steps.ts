/** Preprocessing as data: a list of named steps that travels inside the adapter. What each does is in `step-kinds.ts`. */

/** Resampling filters, as Pillow defines them (antialiased when shrinking). */
export const filters = ["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"] as const;
export type Filter = (typeof filters)[number];

export type Size = readonly [height: number, width: number];
type Range = readonly [lowest: number, highest: number];
type Colour = readonly [red: number, green: number, blue: number];

/** The options of each step. Those named `random…` act in training only; evaluation takes their deterministic counterpart. */
export interface StepOptions {
  /** Both sides to `size`, whatever the aspect ratio ("squash"). */
  readonly resize: { readonly size: Size; readonly filter: Filter };
  /** The shorter side to `size`, aspect ratio kept. */
  readonly resizeShort: { readonly size: number; readonly filter: Filter };
  /** Scaled in proportion until it just covers `size`, or just fits into it (timm's ResizeKeepRatio). */
  readonly resizeFit: { readonly size: Size; readonly fit: "cover" | "contain"; readonly filter: Filter };
  /**
   * Where a pixel too many cannot be halved, torchvision rounds half a pixel to the even one, transformers down. What lies
   * outside the image is `fill`, in bytes, or black.
   */
  readonly centerCrop: {
    readonly size: Size;
    readonly rounding?: "even" | "down" | undefined;
    readonly fill?: Colour | undefined;
  };
  readonly randomCrop: { readonly size: Size };
  /** An area `scale` of the image at aspect `ratio`, resized (torchvision's RandomResizedCrop). */
  readonly randomResizedCrop: {
    readonly size: Size;
    readonly scale: Range;
    readonly ratio: Range;
    readonly filter: Filter;
  };
  readonly randomHorizontalFlip: { readonly probability: number };
  /** Two of fifteen changes of colours and place, each as often left out, of a strength about `magnitude` (timm's RandAugment). */
  readonly randomAugment: {
    readonly magnitude: number;
    /** Standard deviation of the strength. */
    readonly magnitudeStd: number;
    readonly filter: "bilinear" | "bicubic";
    /** The bytes of what comes from outside the image. */
    readonly fill: Colour;
  };
  /** (rgb / 255 - mean) / std, per channel; always the last step. */
  readonly normalize: { readonly mean: Colour; readonly std: Colour };
}
export type StepName = keyof StepOptions;

/** One named step. */
export type Step = { [Name in StepName]: readonly [name: Name, options: StepOptions[Name]] }[StepName];
