/** What an adapter's configuration says, as JSON: its base, method, labels, calibration and training. */

import { basename } from "node:path";
import { z } from "zod";
import { temperatureRange } from "../calibration/temperature.ts";
import { FileError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";
import { configFlaw, modelConfigSchema } from "../model/architectures.ts";
import { describeIssue } from "../model/describe-issue.ts";
import { type Adapter, validationKinds } from "./adapter.ts";
import { shareableName } from "./base-name.ts";

const formatVersion = 2;
/** Not `adapter_config.json`, which peft takes for its own and then fails on. */
export const configName = "rlrr_adapter.json";
/** The first format: a file of that name with `"peft_type": "RLRR"`. */
export const olderName = "adapter_config.json";
const { value: mostClasses } = limits.MAX_CLASSES;
const measured = z.object({ ece: z.number(), loss: z.number(), brier: z.number() });
const [coldest, hottest] = temperatureRange;
const configSchema = z.looseObject({
  base_model_name_or_path: z.string().min(1),
  base_model_revision: z
    .string()
    .regex(/^[0-9a-f]{40}$/)
    .optional(),
  base_model_sha256: z.string().regex(/^[0-9a-f]{64}$/),
  method: z.object({ name: z.string(), options: z.record(z.string(), z.unknown()) }),
  labels: z.array(z.string()).min(1).max(mostClasses),
  backbone: modelConfigSchema,
  calibration: z
    .object({
      temperature: z.number().min(coldest).max(hottest),
      images: z.int().min(1),
      ...{ before: measured, after: measured },
    })
    .optional(),
  unknown: z
    .object({
      threshold: z.number().min(0).max(1),
      images: z.int().min(1),
      kept: z.int().min(0),
      estimate: z.object({ found: z.int().min(0), auroc: z.number().min(0).max(1) }).optional(),
    })
    .optional(),
  // Facts for people: what is not as expected is left unsaid.
  training: z
    .looseObject({
      trainImages: z.number().optional().catch(undefined),
      validationImages: z.number().optional().catch(undefined),
      keptEpoch: z.number().optional().catch(undefined),
      validation: z.enum(validationKinds).optional().catch(undefined),
      validationTop1: z.number().optional().catch(undefined),
      continuedFrom: z.object({ name: z.string(), sha256: z.string() }).optional().catch(undefined),
    })
    .default({}),
});
/** As the file has it. */
export type AdapterConfig = z.output<typeof configSchema>;

export const isConfig = (name: string): boolean => name === configName || name === olderName;

/** The file's text. */
export const renderAdapterConfig = (adapter: Adapter): string =>
  renderJson({
    format_version: formatVersion,
    base_model_name_or_path: shareableName(adapter.base.id),
    base_model_revision: adapter.base.revision,
    base_model_sha256: adapter.base.sha256,
    method: adapter.method,
    labels: adapter.labels,
    backbone: adapter.config,
    calibration: adapter.calibration,
    unknown: adapter.unknown,
    training: adapter.training,
  });

export const renderJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** The configuration of an adapter of the first format, which may hold a path of its machine, in today's. */
export function renewConfig(value: unknown, where: string): string {
  const config = parseAdapterConfig(value, where);
  const { peft_type: _, task_type: __, inference_mode: ___, ...rest } = config;
  return renderJson({
    ...rest,
    format_version: formatVersion,
    base_model_name_or_path: shareableName(config.base_model_name_or_path),
  });
}

/** Checks a configuration, of today or of the first format by the name of its file `where`. */
export function parseAdapterConfig(value: unknown, where: string): AdapterConfig {
  const field = (name: string): unknown =>
    value !== null && typeof value === "object" ? Reflect.get(value, name) : undefined;
  const [type, version] = [field("peft_type"), field("format_version")];
  const isOlder = basename(where) === olderName;
  if (isOlder && type !== "RLRR")
    throw new FileError(`${where}: peft_type is ${showValue(type)}; this program reads RLRR adapters.`);
  const readable = isOlder ? 1 : formatVersion;
  if (version !== readable)
    throw new FileError(
      `${where}: format_version is ${showValue(version)}; this version of rlrr reads ${readable}.`,
    );
  const parsed = configSchema.safeParse(value);
  if (!parsed.success)
    throw new FileError(
      `${where}: ${describeIssue(parsed.error, value)}, which is not valid in an adapter. The file is damaged; get it again.`,
    );
  const flaw = findFlaw(parsed.data);
  if (flaw !== undefined) throw new FileError(`${where}: ${flaw}. It is damaged; get it again.`);
  return parsed.data;
}

/** What is wrong between two fields that are fine by themselves. */
function findFlaw({ labels, backbone }: AdapterConfig): string | undefined {
  if (labels.length !== backbone.classes)
    return `there are ${labels.length} labels for ${backbone.classes} classes`;
  return configFlaw(backbone);
}
