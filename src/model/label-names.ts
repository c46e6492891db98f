/** The names of a head's classes, in whichever of the usual forms a configuration holds them. */

import { z } from "zod";
import { FileError } from "../errors.ts";

const name = z.union([z.string(), z.number()]);

/** A list by class; an object from class to name; or an object from name to class, as `label2id` is. */
export const labelNamesSchema = z.union([z.array(name), z.record(z.string(), name)]);

type LabelNames = z.infer<typeof labelNamesSchema>;

const isClass = (value: string | number): boolean => /^\d+$/.test(String(value));

/** Names by class. `where` and `key` are for messages. */
export function parseLabelNames(
  names: LabelNames,
  { where, key }: { readonly where: string; readonly key: string },
): readonly string[] {
  if (Array.isArray(names)) return names.map(String);
  const entries = Object.entries(names);
  const byName = !entries.every(([index]) => isClass(index)) && entries.every(([, index]) => isClass(index));
  const byClass = new Map(
    entries.map(([index, label]) => (byName ? [String(label), index] : [index, String(label)])),
  );
  return entries.map((_, index) => {
    const label = byClass.get(String(index));
    if (label === undefined)
      throw new FileError(`${where}: ${key} has ${entries.length} labels, but none for class ${index}.`);
    return label;
  });
}
