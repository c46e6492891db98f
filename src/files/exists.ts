/** Whether there is anything at a path: the one way that this program asks. */

import { stat } from "node:fs/promises";
import { codeOf, readFailure } from "./file-problem.ts";

/** What cannot be looked at, as in a folder without permission, is not said to be missing: that throws. */
export const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (cause: unknown) => {
      if (["ENOENT", "ENOTDIR"].includes(codeOf(cause) ?? "")) return false;
      throw readFailure(path, cause);
    },
  );
