/** The mistakes that a person should look at first: where the image's class was thought least likely. */

import type { Metrics, Mistake } from "../predict/metrics.ts";

/** All mistakes, the surest first; those whose logits are not finite are none of them. */
export const worstMistakes = ({ mistakes }: Pick<Metrics, "mistakes">): readonly Mistake[] =>
  [...mistakes].sort((a, b) => a.labelProbability - b.labelProbability || a.example - b.example);
