/** BitFit: every bias of the backbone trains, nothing else. Ben Zaken et al., ACL 2022, https://arxiv.org/abs/2106.10199. */

import { z } from "zod";
import { hasBias } from "../model/backbone.ts";
import { defineMethod } from "./method.ts";

export const bias = defineMethod({
  name: "bias",
  summary: "trains the biases of the backbone, those of norms included (BitFit)",
  learningRate: 1e-3,
  recipe: { learningRate: 1e-2 },
  options: z.strictObject({}),
  create: () => ({
    // Of q, k, v, o, fc1, fc2, every norm and the patches, as the code of VPT takes them, and from where they are.
    trainables: ({ sites }) =>
      sites
        .filter((site) => site.kind !== "branch" && hasBias(site))
        .map(({ name, out }) => ({ name: `${name}.bias`, shape: [out], decay: false, start: "frozen" })),
    // y = x·Wᵀ + b' with W frozen [out, in] and b' trained [out]; a norm's y = normalize(x) ⊙ w + b'
    weight: (site, frozen, trained) =>
      hasBias(site) ? { ...frozen, bias: trained(`${site.name}.bias`) } : frozen,
  }),
});
