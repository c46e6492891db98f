/** BitFit as a method of your own: rlrr train --method ./examples/04-own-method.ts … Zaken et al., ACL 2022, arXiv 2106.10199. */

import { defineMethod, ops, startZero, z } from "rlrr";

const kinds = ["linear", "norm"] as const;

export default defineMethod({
  name: "bitfit",
  summary: "trains what is added to the biases, nothing else",
  learningRate: 1e-2,
  options: z.strictObject({
    kinds: z
      .array(z.enum(kinds))
      .min(1)
      .default([...kinds])
      .describe(`a list of ${kinds.join(", ")}`),
  }),
  create: (options) => {
    const isAdapted = ({ kind }: { kind: string }) => options.kinds.some((adapted) => adapted === kind);
    return {
      // one tensor for each place in the network, all of them at zero: the start is the pre-trained model
      trainables: ({ sites }) =>
        sites.filter(isAdapted).map(({ name, out }) => ({
          name: `${name}.shift`,
          shape: [out],
          decay: false,
          start: startZero(out),
        })),
      // b' = b + shift; training, prediction and merging all use this
      weight: (site, frozen, trained) =>
        isAdapted(site) ? { ...frozen, bias: ops.add(frozen.bias, trained(`${site.name}.shift`)) } : frozen,
    };
  },
});
