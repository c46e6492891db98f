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
  /** Width of what it reads and of what it gives. */
  readonly in: number;
  readonly out: number;
}

/** y = x·Wᵀ + b with W [out, in], b [out]; `embed` is the one that reads pixels. */
export interface LinearSite extends Place {
  readonly kind: "linear" | "embed";
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
