/** NumPy's legacy generator, against what NumPy chose: `parity/vtab/make_numpy_random.py`. */

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { numpyRandom } from "../../scripts/vtab/numpy-random.ts";

interface Golden {
  readonly seed: number;
  readonly counts: readonly number[];
  readonly choices: readonly (readonly number[])[];
}

const goldens = JSON.parse(
  readFileSync(new URL("../golden/vtab/numpy-random.json", import.meta.url), "utf8"),
) as readonly Golden[];

it.each(goldens)("chooses as NumPy does: seed $seed", ({ seed, counts, choices }) => {
  const random = numpyRandom(seed);
  const chosen = counts.map((count) =>
    random.choose(
      Array.from({ length: count }, (_, index) => index),
      Math.min(count, 30),
    ),
  );
  expect(chosen).toEqual(choices);
});

it("leaves what it chooses from as it is", () => {
  const items = Object.freeze(["a", "b", "c", "d"]);
  expect([...numpyRandom(1234).choose(items, 4)].sort()).toEqual(items);
});
