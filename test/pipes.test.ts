import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { runHere } from "./run-command.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const root = temporaryFolder("pipes");
const pipes = [
  "a.safetensors",
  "a.npz",
  "a.csv",
  "a.jpg",
  "model/model.safetensors",
  "adapter/rlrr_adapter.json",
];

// Opening one waits until somebody writes into it, which may be never.
describe.skipIf(process.platform === "win32")("a named pipe in place of a file", () => {
  beforeAll(() => {
    for (const folder of ["model", "adapter"]) mkdirSync(join(root, folder));
    for (const pipe of pipes) execFileSync("mkfifo", [join(root, pipe)]);
  });

  it.each([
    ["a.safetensors", "error: a.safetensors is not a regular file.\n"],
    ["a.npz", "error: a.npz is not a regular file.\n"],
    ["a.csv", "error: a.csv is not a file.\n"],
    ["model", "error: model/model.safetensors is not a regular file.\n"],
    ["adapter", "error: adapter/rlrr_adapter.json is not a regular file.\n"],
    [
      "a.jpg",
      "error: a.jpg cannot be read by rlrr. It must be a model (.safetensors, .npz or a folder), an adapter, a run, a data set (a folder or a .csv file) or an image.\n",
    ],
  ])("does not hold up inspect %s", async (what, message) => {
    const { code, stderr } = await runHere("inspect", join(root, what));
    expect({ code, stderr: stderr.replaceAll(`${root}/`, "") }).toEqual({ code: 2, stderr: message });
  });
});
