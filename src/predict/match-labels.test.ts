import { describe, expect, it } from "vitest";
import { InputError } from "../errors.ts";
import { matchLabels } from "./match-labels.ts";

const names = { from: ["cat", "dog"], to: ["dog", "fox", "cat"], where: "pets" };
const labelled = (...labels: number[]) => labels.map((label) => ({ path: `${label}.png`, label }));

describe("matchLabels", () => {
  it("gives each example the head's row of its class", () => {
    expect(matchLabels(labelled(0, 1, 0), names).map(({ label }) => label)).toEqual([2, 0, 2]);
  });

  it("ignores classes that no example has", () => {
    expect(matchLabels(labelled(1), { ...names, to: ["dog"] })).toEqual([{ path: "1.png", label: 0 }]);
  });

  it.each([2, -1, 0.5, Number.NaN])("refuses the label %d, which is no class", (label) => {
    expect(() => matchLabels(labelled(0, label), names)).toThrow(
      new InputError(
        `pets: ${label}.png has the label ${label}; with 2 classes it must be a whole number from 0 to 1.`,
      ),
    );
  });

  it("takes numbers for rows where the model names no labels", () => {
    const to = ["LABEL_0", "LABEL_1", "LABEL_2"];
    expect(matchLabels(labelled(0, 1), { from: ["2", "0"], to, where: "pets" })).toEqual([
      { path: "0.png", label: 2 },
      { path: "1.png", label: 0 },
    ]);
    expect(() => matchLabels(labelled(0), { from: ["3"], to, where: "pets" })).toThrow(
      'not the model\'s: "3"',
    );
    expect(() => matchLabels(labelled(0), { ...names, from: ["0"] })).toThrow('not the model\'s: "0"');
  });

  it("refuses classes that the model lacks", () => {
    expect(() => matchLabels(labelled(0, 1), { ...names, to: ["dog"] })).toThrow(
      new InputError('pets: 1 of its classes are not the model\'s: "cat". The model knows 1: "dog".'),
    );
  });

  it("refuses a name that the model has twice, where the data uses it", () => {
    const twice = { ...names, to: ["dog", "cat", "cat"] };
    expect(() => matchLabels(labelled(0), twice)).toThrow(
      new InputError(
        'pets: the model has more than one class named "cat", so it is unclear which of them the data means. Give each of its classes a name of its own, in its config.json.',
      ),
    );
    expect(matchLabels(labelled(1), twice)).toEqual([{ path: "1.png", label: 0 }]);
  });
});
