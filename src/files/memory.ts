/** How much memory this process may take. */

import { totalmem } from "node:os";

/** The machine's, or its container's quota. */
export const memoryBytes = (): number => Math.min(totalmem(), process.constrainedMemory?.() || totalmem());
