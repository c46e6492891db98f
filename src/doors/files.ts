/** Files: read with limits, written aside and then renamed, with errors that say what to do. */

/** Renames what a killed process left behind while it wrote. */
export { mendPlaces } from "../files/aside.ts";
/** Refuses places for results before the work begins. */
export { checkNewFolder, checkReportFile } from "../files/check-out.ts";
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
/** Writes a file aside, then renames it. */
export { writeFileAside } from "../files/write-file.ts";
/** Tensors in the safetensors format. */
export {
  readSafetensors,
  readTensor,
  type SafetensorsFile,
  writeSafetensors,
} from "../formats/safetensors.ts";
