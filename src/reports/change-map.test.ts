import { describe, expect, it } from "vitest";
import { renderChanges, type TensorChange } from "./change-map.ts";

const changes = (entries: Readonly<Record<string, number>>, relative = false): TensorChange[] =>
  Object.entries(entries).map(([name, change]) => ({ name, change, relative }));
const page = (list: readonly TensorChange[]) =>
  renderChanges(list)
    .map(({ text }) => text)
    .join("");

describe("renderChanges", () => {
  it("draws nothing where only the head trains", () => {
    expect(renderChanges([])).toEqual([]);
  });

  it("has a map for each part, sites in rows and blocks in columns, and says the ends in words", () => {
    const text = page(
      changes({
        ...{
          "blocks.0.q.left": 0.1,
          "blocks.0.fc1.left": 0.25,
          "blocks.1.q.left": 0.05,
          "blocks.1.fc1.left": 0.2,
        },
        ...{ "blocks.0.q.shift": 2e-5, "blocks.1.q.shift": 1e-5, "patch.scale": 0.3 },
      }),
    );
    expect(text.match(/<figure>/g)).toHaveLength(2);
    expect(text).toContain(
      'aria-label="left by site and block: most 0.25 at fc1 of block 1, least 0.05 at q of block 2"',
    );
    expect(text).toContain("<title>blocks.1.fc1.left: 0.2</title>");
    expect(text).toMatch(/fill-opacity="0\.55"><title>blocks\.0\.fc1\.left/);
    expect(text).toContain(">0.25</text>");
    // Small numbers share a power of ten.
    expect(text).toContain('<figcaption>shift <span class="soft">in 10⁻⁵</span></figcaption>');
    expect(text).toContain(">2.0</text>");
    expect(text).toContain("Outside the blocks: patch.<wbr>scale 0.3.");
    expect(text).not.toContain("pre-trained tensor");
  });

  it("says so where nothing has moved, as where a linear probe is kept", () => {
    const text = page(changes({ "blocks.0.q.left": 0, "patch.scale": 0 }));
    expect(text).toContain("Nothing but the head");
    expect(text).not.toContain("<figure>");
  });

  it("names a tensor of a block without a site by itself, and tells shares", () => {
    const text = page(changes({ "blocks.0.prompt": 0.5, "blocks.0.mlp.down.weight": 0 }, true));
    expect(text).toContain("<figcaption>prompt</figcaption>");
    expect(text).toContain("<figcaption>down.weight</figcaption>");
    expect(text).toContain("a share of the tensor&#39;s own root mean square");
    expect(text).not.toContain("NaN");
  });
});
