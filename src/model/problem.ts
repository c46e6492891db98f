/** What a head was trained to say, where that is not one class per image. */

/** Any number of labels per image, each with a probability of its own, or numbers that are no classes at all. */
export type Problem = "multi-label" | "regression";
