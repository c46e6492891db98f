import { describe, expect, it } from "vitest";
import { runHere } from "../../test/run-command.ts";
import { methods } from "../methods/methods.ts";

describe("rlrr methods", () => {
  it("lists every method with its count, and whether it merges", async () => {
    const { code, stdout } = await runHere("methods");
    expect(code).toBe(0);
    for (const { name, unmergeable } of methods)
      expect(stdout).toMatch(new RegExp(`^${name} .* ${unmergeable ? "no" : "yes"} `, "m"));
    expect(stdout).toMatch(/^lora +294,912 +yes +adds a low-rank matrix/m);
  });

  it("tells the options of one", async () => {
    const { stdout } = await runHere("methods", "rlrr");
    expect(stdout).toContain("trains         288,768 parameters in ViT-B/16, beside the head\n");
    expect(stdout).toContain("learning rate  1e-3; 3e-3 with the default recipe\n");
    expect(stdout).toMatch(/ {2}--no-residual +leave the frozen weight out of the sum\n/);
    expect((await runHere("methods", "vpt-deep")).stdout).toContain("merges         no, its tokens are part");
  });

  it("prints the same as one JSON line", async () => {
    const { stdout } = await runHere("methods", "lora", "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      type: "methods",
      methods: [{ name: "lora", trainable: 294_912, merges: true, options: { rank: { default: 8 } } }],
    });
  });

  it("names those that are known where one is not", async () => {
    const { code, stderr } = await runHere("methods", "lorra");
    expect(code).toBe(2);
    expect(stderr).toContain('There is no method "lorra". Known: rlrr, linear');
  });
});
