/** Imported first in a TypeScript worker: under Node 20 `--import tsx` acts in the main thread alone. */

import { register } from "tsx/esm/api";

register();
