import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { InputError } from "../errors.ts";
import { openDemoFolder } from "./demo-folder.ts";

const root = temporaryFolder("demo-folder");
let count = 0;
const write = (path: string, text = "x") => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};
const all = (out: string) => readdirSync(out, { recursive: true, encoding: "utf8" }).sort();

/** A folder in which a demo has made two parts and, perhaps, was interrupted in a third. */
async function demo({ interrupted = false } = {}): Promise<string> {
  const out = join(root, `${count++}`);
  const folder = await openDemoFolder(out);
  await folder.make("linear", async () => write(join(out, "linear", "run.json")));
  await folder.make("rlrr", async () => {
    write(join(out, "rlrr", "adapter", "README.md"));
  });
  if (interrupted)
    await folder
      .make("full", async () => {
        write(join(out, "full", "run.json"));
        write(join(out, "full", ".adapter.0123abcd.rlrr-tmp", "README.md"));
        write(join(out, ".full.0123abcd.rlrr-tmp", "config.json"));
        throw new Error("interrupted");
      })
      .catch(() => {});
  await folder.close();
  return out;
}

describe("openDemoFolder", () => {
  it.each([{}, { interrupted: true }])("empties the folder of an earlier demo: %o", async (how) => {
    const out = await demo(how);
    expect(JSON.parse(readFileSync(join(out, "demo.json"), "utf8")).madeBy).toBe("rlrr demo");
    const folder = await openDemoFolder(out);
    expect(all(out)).toEqual(["demo.lock"]);
    await folder.close();
    expect(all(out)).toEqual([]);
  });

  it("begins where a demo was killed before its list was there", async () => {
    const out = join(root, `${count++}`);
    for (const name of ["demo.lock", ".demo.json.0123abcd.rlrr-tmp", ".demo.json.rlrr-lock"])
      write(join(out, name), "");
    await (await openDemoFolder(out)).close();
    expect(all(out)).toEqual([]);
  });

  it("removes nothing from a folder of runs that no demo made, whatever their names are", async () => {
    const out = join(root, "runs");
    for (const name of ["linear/run.json", "flowers/run.json", "flowers/adapter/README.md"])
      write(join(out, name));
    const before = all(out);
    await expect(openDemoFolder(out)).rejects.toThrow(
      new InputError(`${out} exists and is not an earlier demo. Name another folder with --out.`),
    );
    expect(all(out)).toEqual(before);
  });

  it.each([
    ["a run beside the demo's", "flowers/run.json", {}],
    ["a file in a run of the demo's", "linear/notes.txt", {}],
    ["a changed file", "linear/run.json", {}],
    ["a file in what was being made", "full/notes.txt", { interrupted: true }],
  ])("removes nothing where there is %s", async (_, name, how) => {
    const out = await demo(how);
    write(join(out, name), "precious");
    const before = all(out).filter((path) => !path.startsWith(".full."));
    await expect(openDemoFolder(out)).rejects.toThrow(
      new InputError(
        `${join(out, name)} was not made by a demo, or has changed since; a new demo would remove it. Move it elsewhere, or name another folder with --out.`,
      ),
    );
    expect(all(out)).toEqual(before);
    expect(readFileSync(join(out, name), "utf8")).toBe("precious");
  });

  it("follows no link", async () => {
    const out = await demo();
    const precious = join(root, "precious");
    write(join(precious, "run.json"));
    symlinkSync(precious, join(out, "full"));
    await expect(openDemoFolder(out)).rejects.toThrow(`${join(out, "full")} was not made by a demo`);
    expect(existsSync(join(precious, "run.json"))).toBe(true);
  });

  it("refuses while another demo runs there, and an invalid list", async () => {
    const out = await demo();
    const folder = await openDemoFolder(out);
    await expect(openDemoFolder(out)).rejects.toThrow(
      new InputError(`${out}: another demo is running here. Wait for it.`),
    );
    await folder.close();
    write(join(out, "demo.json"), "{}");
    await expect(openDemoFolder(out)).rejects.toThrow(
      new InputError(`${join(out, "demo.json")} is not what a demo writes. Name another folder with --out.`),
    );
    expect(all(out)).toEqual(["demo.json"]);
  });

  it.each(["../beside", "\0", "/", "."])(
    "tidies up nothing outside that a list names: %j",
    async (underWay) => {
      const out = join(root, `${count++}`, "demo");
      write(join(out, "demo.json"), JSON.stringify({ madeBy: "rlrr demo", files: {}, underWay }));
      const precious = join(out, "..", ".beside.0123abcd.rlrr-tmp");
      write(precious);
      await expect(openDemoFolder(out)).rejects.toThrow(
        new InputError(
          `${join(out, "demo.json")} is not what a demo writes. Name another folder with --out.`,
        ),
      );
      expect(existsSync(precious)).toBe(true);
    },
  );
});
