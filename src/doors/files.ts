/** Files: read with limits, written atomically, with errors that say what to do. */

/** Refuses places for results before the work begins. */
export { checkNewFolder, checkReportFile } from "../files/check-output-paths.ts";
/** Whether there is anything at a path. */
export { exists } from "../files/exists.ts";
/** One process at a time. */
export { takeFileLock } from "../files/file-lock.ts";
/** What a failed write means to a person. */
export { writeProblem } from "../files/file-problem.ts";
/** Makes a folder and those above it. */
export { makeFolder } from "../files/make-folder.ts";
/** JSON within limits. */
export { readJson } from "../files/read-json.ts";
/** A value as a message shows it. */
export { showValue } from "../files/show-value.ts";
/** Renames what a killed process left behind while it wrote. */
export { recoverPlaces } from "../files/temporary-paths.ts";
/** Writes a file under a temporary name, then renames it. */
export { writeFileAtomically } from "../files/write-file.ts";
/** Tensors in the safetensors format. */
export {
  readSafetensors,
  readTensor,
  type SafetensorsFile,
  writeSafetensors,
} from "../formats/safetensors.ts";
