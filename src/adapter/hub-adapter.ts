/** Finds the adapter that a user names: a run, an adapter's folder, or a hub id, whose files are fetched. An existing path wins. */

import { exists } from "../files/exists.ts";
import { fetchModel, type HubOptions, parseHubId } from "../model/hub.ts";
import { adapterContents } from "../model/hub-contents.ts";
import { adapterFolder } from "./adapter-file.ts";

export interface LocatedAdapter {
  /** Of its folder or its run; for `readAdapter` to refuse where there is none. */
  readonly path: string;
  readonly notes: readonly string[];
}

export async function locateAdapter(
  name: string,
  options: Pick<HubOptions, "signal" | "onProgress"> = {},
): Promise<LocatedAdapter> {
  const isHere = (await adapterFolder(name)) !== undefined || (await exists(name));
  const hub = isHere ? undefined : parseHubId(name);
  if (!hub) return { path: name, notes: [] };
  const { folder, notes } = await fetchModel(hub, { ...options, contents: adapterContents });
  return { path: folder, notes };
}
