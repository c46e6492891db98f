/** The option `sites` of methods that change matrices: which of the six kinds in a block. */

import { z } from "zod";
import type { LinearSite, Site } from "../model/backbone.ts";

export const matrixRoles = ["q", "k", "v", "o", "fc1", "fc2"] as const;

/** A list of matrices, of all six or of those named first. */
export const sitesOption = <Role extends string>(
  roles: readonly [Role, ...Role[]],
  preset: readonly Role[],
) =>
  z
    .array(z.enum(roles))
    .min(1)
    .default([...preset])
    .describe(`a list of ${roles.join(", ")}`)
    .meta({ help: `of ${roles.join(",")}` });

/** Whether a site is one of these matrices. */
export const isMatrixOf =
  (sites: readonly string[]) =>
  (site: Site): site is LinearSite =>
    site.kind === "linear" && sites.includes(site.role);
