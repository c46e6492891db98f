/** Preprocessing: a list of named steps from pixels to numbers. */

/** From and to preprocessor_config.json. */
export { parseHuggingFaceSteps } from "../model/hugging-face-steps.ts";
export { renderHuggingFaceSteps } from "../model/render-hugging-face-steps.ts";
/** Steps from a few choices. */
export { composeSteps, type StepChoices } from "../preprocessing/compose-steps.ts";
export type { Image } from "../preprocessing/image.ts";
/** Steps from JSON. */
export { parseSteps } from "../preprocessing/parse-steps.ts";
/** The numbers of an image after steps. */
export { applySteps } from "../preprocessing/preprocess.ts";
/** As Pillow does it, to the byte. */
export { resize } from "../preprocessing/resize.ts";
/** Steps where nothing is known of a model, and the deterministic counterparts of training steps. */
export { defaultSteps, evaluationSteps } from "../preprocessing/step-list.ts";
/** The filters of resizing. */
export { type Filter, filters, type Step } from "../preprocessing/steps.ts";
