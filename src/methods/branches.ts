/** The two branches of a block, as methods name them: an option, their sites, and the matrices that read for them. */

import { z } from "zod";
import type { BranchSite, Site } from "../model/backbone.ts";

const branches = ["attention", "mlp"] as const;
type Branch = (typeof branches)[number];

/** Which branches of a block a method acts on. */
export const branchesOption = () =>
  z
    .array(z.enum(branches))
    .min(1)
    .default([...branches])
    .describe(`a list of ${branches.join(", ")}`)
    .meta({ help: `of ${branches.join(",")}` });

/** Whether a site is a branch of one of these roles. */
export const isBranch =
  (roles: readonly Branch[]) =>
  (site: Site): site is BranchSite =>
    site.kind === "branch" && (roles as readonly string[]).includes(site.role);

/** The matrices that read what a branch's norm gives: an adapter before the branch is part of them. */
const readers: Readonly<Record<Branch, readonly string[]>> = { attention: ["q", "k", "v"], mlp: ["fc1"] };

/** Which of these branches a site is one of the readers of. */
export const branchReadBy = ({ kind, role }: Site, roles: readonly Branch[]): Branch | undefined =>
  kind === "linear" ? roles.find((branch) => readers[branch].includes(role)) : undefined;
