/** The first module of a worker thread in a checkout: registers the TypeScript loader, then runs the module asked for. */

import { register } from "tsx/esm/api";

register();
await import(process.argv[2]);
