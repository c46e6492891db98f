/** How an adapter names its base to others: by a hub id where it has one, else by a bare name, never by a path. */

import { parseHubId } from "../model/hub.ts";

/** Of an absolute path, its last part: the folders above it are nobody else's business, and mean nothing elsewhere. */
export const shareableName = (source: string): string =>
  parseHubId(source)?.name ?? source.split(/[\\/]+/).findLast((part) => part !== "") ?? source;
