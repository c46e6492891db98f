/** What is fetched of a CLIP or SigLIP from the hub: a model, and the tokenizer of its text tower. */

import type { HubOptions } from "../model/hub.ts";
import { type Contents, modelContents } from "../model/hub-contents.ts";
import { tokenizerFiles } from "./tokenizer.ts";

/** The weights come last, as they complete the folder. */
const contents: Contents = {
  rounds: [
    async ({ available }) => tokenizerFiles.filter((file) => available.has(file)),
    ...modelContents.rounds,
  ],
  isComplete: modelContents.isComplete,
};

export const withTokenizer = (options: HubOptions): HubOptions => ({ ...options, contents });
