/** Where the process begins. */

import { handleSignals } from "./exit.ts";
import { runProgram } from "./program.ts";

handleSignals();
process.exitCode = await runProgram(process.argv.slice(2));
