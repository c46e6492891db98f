/** Full fine-tuning: every weight of the backbone trains. */

import { z } from "zod";
import { hasBias } from "../model/backbone.ts";
import { affineOf } from "../model/layers.ts";
import { defineMethod } from "./method.ts";

export const full = defineMethod({
  name: "full",
  summary: "trains every weight of the backbone, for comparison",
  learningRate: 1e-4,
  options: z.strictObject({}),
  create: () => ({
    trainables: ({ sites, shapes }) => {
      const without = sites.filter((site) => site.kind !== "branch" && !hasBias(site));
      const missing = new Set(without.map(({ name }) => `${name}.bias`));
      return [...shapes]
        .filter(([name]) => !missing.has(name))
        .map(([name, shape]) => ({
          name,
          shape,
          // As timm does: vectors, the CLS token and positions are not decayed.
          decay: shape.length === 2 || shape.length === 4,
          start: "frozen",
        }));
    },
    weight: (site, frozen, trained) =>
      hasBias(site) ? affineOf(trained)(site) : { weight: trained(`${site.name}.weight`), bias: frozen.bias },
    parameter: (name, _frozen, trained) => trained(name),
  }),
});
