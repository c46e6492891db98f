/** What the image store asks of its worker threads, and what they answer. */

import type { Image } from "../preprocessing/image.ts";
import type { Action } from "../preprocessing/plan-steps.ts";
import type { Step } from "../preprocessing/steps.ts";

export type ImageTask =
  | { readonly type: "load"; readonly path: string; readonly still: readonly Step[] }
  | { readonly type: "transform"; readonly image: Image; readonly actions: readonly Action[] };

export type ImageAnswer =
  | { readonly id: number; readonly image: Image }
  /** `file`: the message is for the owner of the file. */
  | { readonly id: number; readonly message: string; readonly file: boolean };
