/** Labelled images: class names, and for each split the paths with the index of their class. */

export type Split = "train" | "val" | "test";
export const splitNames: readonly Split[] = ["train", "val", "test"];

export interface Example {
  readonly path: string;
  /** Index into `classes`. */
  readonly label: number;
}

export interface Dataset {
  readonly root: string;
  readonly layout: "classes" | "splits" | "vtab" | "fgvc" | "csv";
  readonly classes: readonly string[];
  /** A split that the data does not give is empty. `all` in a plain class folder is `train` before any split is made. */
  readonly splits: Readonly<Record<Split, readonly Example[]>>;
  /** Notes for the user on what was found, decided or ignored, one sentence each. */
  readonly notes: readonly string[];
}

/** The data set as a layout reads it, without its root. */
export type Found = Omit<Dataset, "root">;
