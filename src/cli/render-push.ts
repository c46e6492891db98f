/** Renders what is pushed to the hub: every file by its whole path, and what has become of it. */

import type { PlannedFile, Pushed, PushPlan } from "../node.ts";
import { displayWidth, padText, printable } from "../table.ts";
import { renderBytes } from "./render-facts.ts";

export interface PlanFlags {
  readonly dryRun?: boolean;
  readonly private?: boolean;
  readonly overwrite?: boolean;
}

export function renderPlan(plan: PushPlan, flags: PlanFlags): string {
  const { source, url, kind, files, leftOut, notes } = plan;
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const count = `${files.length} ${files.length === 1 ? "file" : "files"}`;
  const action = flags.dryRun ? "Would push" : "Pushing";
  return [
    `${action} the ${kind} ${source} to ${url}${sayRepository(plan, flags)}: ${count}, ${renderBytes(total)}.`,
    ...columns(files.map(({ path, bytes, state }) => [path, renderBytes(bytes), sayState(state, flags)])),
    ...(leftOut.length === 0 ? [] : ["Left out:"]),
    ...columns(leftOut.map(({ path, why }) => [path, why])),
    ...notes,
    ...(flags.dryRun ? ["Nothing was sent."] : []),
  ].join("\n");
}

function sayRepository({ repository, files }: PushPlan, { private: isPrivate = false }: PlanFlags): string {
  if (repository) return `, a ${repository.private ? "private" : "public"} repository`;
  if (files.every(({ state }) => state === undefined)) return "";
  return isPrivate ? ", a new, private repository" : ", a new repository";
}

function sayState(state: PlannedFile["state"], { overwrite = false }: PlanFlags): string {
  if (state === undefined) return "";
  if (state === "changed") return overwrite ? "replaces another" : "differs from what is there";
  return state === "same" ? "there already" : "new";
}

/** Lines of cells, none of which is cut: what is not shown whole is not shown. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((widest, row) => Math.max(widest, displayWidth(printable(row[column] ?? ""))), 0),
  );
  return rows.map((row) =>
    `  ${row.map((cell, column) => padText(printable(cell), { width: widths[column] ?? 0 })).join("  ")}`.trimEnd(),
  );
}

export function renderPushed({ url, private: isPrivate, files, bytes, commit }: Pushed): string {
  const at = `${isPrivate ? "private" : "public"}, commit ${commit.slice(0, 12)}`;
  if (files === 0) return `${url} has all of it already (${at}).`;
  const count = `${files} ${files === 1 ? "file" : "files"}`;
  return `${url} has all of it now (${at}): ${count}, ${renderBytes(bytes)}, each compared by its hash.`;
}
