/** Whether there is anything at a path. */

import { stat } from "node:fs/promises";

export const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
