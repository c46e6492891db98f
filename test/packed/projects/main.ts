/** A program for bundlers. */

import { label } from "./label.ts";

const [adapter = "", image = ""] = process.argv.slice(2);
label(adapter, image).then(
  (best) => console.log(JSON.stringify(best)),
  (error: unknown) => {
    console.error(`${error}`);
    process.exitCode = 1;
  },
);
