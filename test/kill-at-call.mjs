/**
 * Loaded before a program (`node --import`): kills it at a named instant. Every call of the file system that concerns the
 * folder KILL_UNDER has two, right before it and right after it: KILL_AT=5 is before the third call, KILL_AT=6 after it.
 * A program that is not killed writes what its instants were to the file KILL_LIST, a line each.
 */

import { promises, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { basename } from "node:path";

const { KILL_UNDER: folder = "", KILL_AT, KILL_LIST } = process.env;
const last = Number(KILL_AT ?? Number.POSITIVE_INFINITY);
const instants = [];

function instant(what) {
  if (instants.push(what) === last) process.kill(process.pid, "SIGKILL");
}

/** Paths of open files. */
const paths = new WeakMap();

/** `object[name]` with its instants, where the path that it concerns is below the folder. */
function watch(object, name, { pathOf, after = () => {} }) {
  const original = object[name];
  object[name] = async function (...args) {
    const path = String(pathOf(this, args));
    if (!path.startsWith(folder)) return original.apply(this, args);
    const what = `${name} ${basename(path).replace(/[0-9a-f]{8}/, "*")}`;
    instant(`before ${what}`);
    const result = await original.apply(this, args);
    after(result, path);
    instant(`after ${what}`);
    return result;
  };
}

const pathOf = (_, [path]) => path;
for (const name of ["lstat", "mkdir", "readdir", "rename", "rm", "rmdir", "stat", "unlink"])
  watch(promises, name, { pathOf });
watch(promises, "open", { pathOf, after: (handle, path) => paths.set(handle, path) });

const probe = await promises.open(process.execPath);
const prototype = Object.getPrototypeOf(probe);
await probe.close();
for (const name of ["appendFile", "read", "stat", "sync", "truncate", "write", "close"])
  watch(prototype, name, { pathOf: (handle) => paths.get(handle) });

syncBuiltinESMExports();
if (KILL_LIST) process.on("exit", () => writeFileSync(KILL_LIST, instants.join("\n")));
