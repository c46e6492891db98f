/** Whether a path exists. */

import { stat } from "node:fs/promises";
import { codeOf, readFailure } from "./file-problem.ts";

/** Throws where that cannot be determined, as in a folder without permission. */
export const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (cause: unknown) => {
      if (["ENOENT", "ENOTDIR"].includes(codeOf(cause) ?? "")) return false;
      throw readFailure(path, cause);
    },
  );
