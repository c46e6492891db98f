/** The first module of a worker thread in a checkout: registers the TypeScript loader, then runs the module asked for. */

import { register } from "tsx/esm/api";

// Else it would read the configuration of whatever folder the command is called in.
register({ tsconfig: false });
await import(process.argv[2]);
