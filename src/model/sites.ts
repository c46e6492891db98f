/** The places of a network that a method may adapt: a matrix, a norm, a residual branch. */

/** A place in the network that a method may adapt. Its tensors are `{name}.weight` and `{name}.bias`. */
export type Site = LinearSite | NormSite | BranchSite;

interface Place {
  /** `blocks.3.q`, `norm`, `patch`. */
  readonly name: string;
  /** What it does, the same in every block: `q`, `fc1`, `norm2`, `mlp`. */
  readonly role: string;
  /** The block it lies in, from 0; -1 before and after the blocks. */
  readonly block: number;
  /** Of a network whose tokens grow wider and fewer from stage to stage: which stage the block belongs to, from 0. */
  readonly stage?: number;
  /** Width of what it reads and of what it gives. */
  readonly in: number;
  readonly out: number;
}

/** y = x·Wᵀ + b with W [out, in], b [out]; `embed` is the one that reads pixels. */
export interface LinearSite extends Place {
  readonly kind: "linear" | "embed";
  /** The name of the matrix that its authors keep it in, with others that read the same input: `blocks.3.qkv`. */
  readonly reads?: string;
  /**
   * Of a convolution, whose columns are the rows, columns and channels of a square of pixels: W [out, size, size, channels].
   * Its bias is that of the norm behind it.
   */
  readonly kernel?: { readonly size: number };
  /** Whether the model's files have no place for its bias, which then stays zero. */
  readonly biasless?: true;
}

/** y = LayerNorm(x)·w + b with w and b [out]. */
export interface NormSite extends Place {
  readonly kind: "norm";
  readonly epsilon: number;
}

/** A residual branch, x + branch(x): no tensors of its own, but a place to put something beside it. */
export interface BranchSite extends Place {
  readonly kind: "branch";
  /** Of the patches, which are the last tokens that it reads, row by row. */
  readonly grid: readonly [rows: number, columns: number];
}

/** Whether a method may give the site a bias. */
export const hasBias = (site: LinearSite | NormSite): boolean =>
  site.kind === "norm" || site.biasless !== true;
