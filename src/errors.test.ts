import { describe, expect, it } from "vitest";
import { FileError, InputError } from "./errors.ts";

describe("an error that names options", () => {
  const error = new InputError(
    (show) => `Add ${show("resume", true)}, ${show("select", "last")} or ${show("out")}.`,
  );

  it("names them as a program writes them", () => {
    expect(error.message).toBe('Add resume: true, select: "last" or out.');
    expect(String(error)).toBe(`InputError: ${error.message}`);
  });

  it("names them as whoever shows it does", () => {
    expect(error.messageWith((option, value) => `<${[option, value].join(" ")}>`)).toBe(
      "Add <resume true>, <select last> or <out >.",
    );
  });

  it("says a plain message as it is", () => {
    expect(new FileError("It is cut short.").messageWith(() => "never")).toBe("It is cut short.");
  });
});
