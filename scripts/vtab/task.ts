/** What a task of VTAB-1k is made of: Zhai et al. 2019, arXiv 1910.04867, as google-research/task_adaptation slices it. */

/** An image as the originals have it: a file or its bytes, kept as they are, or pixels, which become a PNG. */
export type OriginalImage =
  | { readonly file: string }
  | { readonly bytes: Uint8Array }
  | {
      /** Row-major, channels last. */
      readonly pixels: Uint8Array;
      readonly width: number;
      readonly height: number;
      readonly channels: 1 | 3;
    };

export interface Original {
  /** What TensorFlow Datasets calls it, which decides its place. */
  readonly key: string | number;
  readonly label: number;
  readonly image: () => OriginalImage | Promise<OriginalImage>;
}

/** By the names of TensorFlow Datasets: train, validation, test. In any order. */
export type Originals = Readonly<Record<string, readonly Original[]>>;

/** `split[from:to]` in the order of TensorFlow Datasets; to the end where `to` is left out. */
export interface Slice {
  readonly split: string;
  readonly from: number;
  readonly to?: number;
}

export interface Slices {
  readonly train800: Slice;
  readonly val200: Slice;
  readonly test: Slice;
}

/** Images in the order of TensorFlow Datasets, as many as are asked for. */
export interface OrderedSplit {
  readonly length: number;
  /** From `from` to before `to`, or to the end. */
  slice(from: number, to?: number): Promise<readonly Original[]>;
}

/** What lies below the folder of the originals, and how it is read. */
export interface OriginalFormat {
  /** Where the files come from and how they are to lie, in a few lines, for the user. */
  readonly files: string;
  /** `folder` is that of this data set alone. Of files that are missing or damaged the error says which. */
  open(folder: string): Promise<Originals>;
}

export interface VtabTask {
  /** The folder's name, as in the copy that circulates. */
  readonly name: string;
  /** The data set of TensorFlow Datasets with its configuration and version, as `cifar100/3.0.2`. */
  readonly tfds: string;
  /** The name of the folder of its originals; tasks may share one. */
  readonly folder: string;
  /** How many images each split has; several numbers where versions differ in images that no slice takes. */
  readonly counts: Readonly<Record<string, number | readonly number[]>>;
  readonly classes: number;
  /** By these counts. */
  readonly slices: Slices;
  /** Nothing where it is made of what TensorFlow Datasets has prepared alone. */
  readonly originals?: OriginalFormat;
}

/** `percent` of the training split are kept for training, the rest validates. */
export function slicesOfTrain(trainCount: number, percent: number): Slices {
  const from = Math.floor((percent * trainCount) / 100);
  return {
    train800: { split: "train", from: 0, to: 800 },
    val200: { split: "train", from, to: from + 200 },
    test: { split: "test", from: 0 },
  };
}

/** Where there is a validation split. */
export const slicesOfSplits: Slices = {
  train800: { split: "train", from: 0, to: 800 },
  val200: { split: "validation", from: 0, to: 200 },
  test: { split: "test", from: 0 },
};

/** Where all is one split: 60 % train and 20 % validate, for instance. */
export function slicesOfOne(
  count: number,
  percent: { readonly train: number; readonly val: number },
): Slices {
  const train = Math.floor((count * percent.train) / 100);
  const val = Math.floor((count * percent.val) / 100);
  return {
    train800: { split: "train", from: 0, to: 800 },
    val200: { split: "train", from: train, to: train + 200 },
    test: { split: "train", from: train + val },
  };
}
