/** From a first run by its report to a corrected one, with the command itself. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writeColours, writePicture, writeTinyModel } from "./colour-data.ts";
import { runHere } from "./run-command.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const root = temporaryFolder("relabel-command");
const at = (...names: string[]) => join(root, ...names);
const rlrr = async (line: string) => {
  const { code, stdout, stderr } = await runHere(
    ...line.split(" ").map((word) => word.replace("ROOT", root)),
  );
  return { code, stdout: stdout.replaceAll(root, "ROOT"), stderr: stderr.replaceAll(root, "ROOT") };
};
const quick =
  "--recipe official --epochs 3 --batch-size 4 --learning-rate 0.05 --warmup-epochs 0 --threads 1";

beforeAll(async () => {
  await writeTinyModel(at("base"), { labels: [] });
  await writeColours(at("photos"), { train: 6, val: 3 });
  // One that lies in the wrong folder.
  await writePicture(at("photos", "val", "red", "wrong.png"), [40, 60, 200], 77);
});

describe("from a report to a better run", () => {
  it("corrects labels and continues", async () => {
    const first = await rlrr(`train --model ROOT/base --data ROOT/photos --out ROOT/first ${quick}`);
    expect(first.code).toBe(0);
    await rlrr(
      "evaluate --adapter ROOT/first --data ROOT/photos --split val --report ROOT/r.html --threads 1",
    );
    const page = readFileSync(at("r.html"), "utf8");
    const images = [...page.matchAll(/data-image="([^"]+)"/g)].map(([, json = ""]) =>
      JSON.parse(json.replaceAll("&quot;", '"')),
    );
    const wrong = images.find(({ file }) => file === "val/red/wrong.png");
    expect(wrong).toMatchObject({ label: 2, predicted: 0 });
    writeFileSync(
      at("corrections.csv"),
      `file,sha256,old_label,action,new_label\nval/red/wrong.png,${wrong.sha256},red,relabel,blue\n`,
    );
    expect(await rlrr("relabel ROOT/corrections.csv --data ROOT/photos --out ROOT/photos-2.csv")).toEqual({
      ...{ code: 0, stderr: "" },
      stdout: `val/red/wrong.png: red → blue
1 label changed, 0 images left out, 0 images confirmed.
ROOT/photos-2.csv lists 18 train, 10 val images of 3 classes. Give it to rlrr train as --data.
`,
    });
    const next = await rlrr(
      `train --continue-from ROOT/first --data ROOT/photos-2.csv --out ROOT/next ${quick}`,
    );
    expect(next.code).toBe(0);
    expect(next.stderr).toContain("Continuing from ROOT/first: 3 classes keep their rows of the head.");
    expect(next.stderr).toMatch(/\nthe start, as continued {2}val 100\.0 % \*/);
    const { stdout } = await rlrr("inspect ROOT/next");
    expect(stdout).toMatch(/\n {2}continued from +the adapter of first, sha256 [0-9a-f]{64}\n/);
  });

  it("says what is wrong in the command's words", async () => {
    expect(await rlrr("relabel ROOT/corrections.csv --data ROOT/photos --out ROOT/photos-2.csv")).toEqual({
      ...{ code: 2, stdout: "" },
      stderr: "error: ROOT/photos-2.csv exists already. Name a new file with --out.\n",
    });
    const refused = await rlrr(
      "train --continue-from ROOT/first --data ROOT/photos-2.csv --out ROOT/x --rank 3 --image-size 32",
    );
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toBe(
      "error: ROOT/first was trained with other options: --rank was 1, is 3; --image-size was 8, is 32. A run that continues takes them from the adapter; leave them out.\n",
    );
    const alone = await rlrr("train --model ROOT/base --data ROOT/photos --out ROOT/x --drop-classes");
    expect(alone.stderr).toBe(
      "error: train: --drop-classes is about the classes of an adapter; give one as --continue-from.\n",
    );
  });
});
