/** Cases of networks with stages: their configurations, and the names and shapes of their tensors. */

import { parseJson } from "../../src/files/read-json.ts";
import type { Shape } from "../../src/formats/tensor.ts";
import { backboneOf, configFlaw } from "../../src/model/architectures.ts";
import { parseHuggingFaceConfig } from "../../src/model/hugging-face-config.ts";
import { planModel } from "../../src/model/plan-model.ts";
import { isTimmConfig, parseTimmConfig } from "../../src/model/timm-config.ts";
import { readGolden } from "../../test/golden.ts";
import { decode, type FuzzCase } from "./fuzz-case.ts";

interface Golden {
  readonly title: string;
  readonly config: Readonly<Record<string, unknown>> | null;
  readonly tensors: Readonly<Record<string, Shape>>;
}

const { cases } = readGolden<{ readonly cases: readonly Golden[] }>("hierarchical");

const shapesOf = (tensors: unknown): Map<string, { readonly shape: Shape }> =>
  new Map(
    Object.entries(tensors ?? {}).flatMap(([name, shape]) =>
      isShape(shape) ? [[name, { shape }] as const] : [],
    ),
  );

/** What a header lets through as a shape. */
const isShape = (value: unknown): value is number[] =>
  Array.isArray(value) &&
  value.length <= 16 &&
  value.every((size) => Number.isSafeInteger(size) && size >= 0);

const where = "a file";
/** A model of each family. */
const models = new Map(
  cases.map(({ tensors }) => [planModel(shapesOf(tensors), { where }).family.name, shapesOf(tensors)]),
);

export const hierarchicalCases: readonly FuzzCase[] = [
  {
    name: "hierarchical-config",
    readers: [
      "model/swin-hints.ts readHuggingFaceSwin",
      "model/swin-hints.ts readTimmSwin",
      "model/convnext-hints.ts readHuggingFaceConvNext",
      "model/convnext-hints.ts readTimmConvNext",
    ],
    form: "json",
    share: 20,
    corpus: async () => cases.flatMap(({ config }) => (config ? [JSON.stringify(config)] : [])),
    run: (input) => {
      const value = parseJson(decode(input), where);
      const hints = isTimmConfig(value)
        ? parseTimmConfig(value, where)
        : parseHuggingFaceConfig(value, where);
      const tensors = models.get(hints.family ?? "") ?? new Map();
      const { family, plan } = planModel(tensors, { where, hints });
      const { config } = family.configure(plan, { where, hints });
      if (configFlaw({ ...config, classes: 1 }) === undefined) backboneOf(config);
    },
  },
  {
    name: "hierarchical-plan",
    readers: ["model/plan-model.ts planModel"],
    form: "json",
    share: 8,
    // The weights of a SwinV2 do not tell its windows, so without a configuration they are refused.
    corpus: async () =>
      cases.filter(({ title }) => !title.startsWith("SwinV2")).map(({ tensors }) => JSON.stringify(tensors)),
    run: (input) => {
      const { family, plan } = planModel(shapesOf(parseJson(decode(input), where)), { where });
      family.configure(plan, { where });
    },
  },
];
