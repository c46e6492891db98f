/** Files: read with limits, written atomically, with errors that say what to do. */

/** Checks output paths before work begins. */
export { checkNewFolder, checkReportFile } from "../files/check-output-paths.ts";
/** What is at a path, and whether there is anything. */
export { exists, statOf } from "../files/exists.ts";
/** One process at a time. */
export { takeFileLock } from "../files/file-lock.ts";
/** A failed write as an error with a next step. */
export { writeProblem } from "../files/file-problem.ts";
/** Creates a folder and its parents. */
export { makeFolder } from "../files/make-folder.ts";
/** JSON within limits. */
export { readJson } from "../files/read-json.ts";
/** A value as a message shows it. */
export { showValue } from "../files/show-value.ts";
/** Cleans up after processes that were killed while writing. */
export { recoverPlaces } from "../files/temporary-paths.ts";
/** Writes a file under a temporary name, then renames it. */
export { writeFileAtomically } from "../files/write-file.ts";
/** Fills a folder under a temporary name, then renames it. */
export { type WriteFolderOptions, writeFolderAtomically } from "../files/write-folder.ts";
/** Tensors in the safetensors format. */
export {
  readSafetensors,
  readTensor,
  type SafetensorsFile,
  writeSafetensors,
} from "../formats/safetensors.ts";
