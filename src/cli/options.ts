/** Flags that several commands share, and how text becomes numbers. */

import { type Command, InvalidArgumentError, Option } from "commander";

/** Parses a whole number or refuses with what was given. */
export function wholeNumber(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text.trim()) || !Number.isSafeInteger(number))
    throw new InvalidArgumentError("It must be a whole number.");
  return number;
}

/** Parses a finite number or refuses with what was given. */
export function realNumber(text: string): number {
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number)) throw new InvalidArgumentError("It must be a number.");
  return number;
}

export const jsonOption = () => new Option("--json", "print JSON lines instead of text");
export const threadsOption = () =>
  new Option("--threads <n>", "threads inside the engine (default: all cores)").argParser(wholeNumber);
export const modelOption = (text: string) => new Option("--model <model>", text);

export const modelHelp = `
A model is a .safetensors or .npz file, a Hugging Face-style folder, or a hub id such as google/vit-base-patch16-224-in21k.`;
export const dataHelp = `
Data is a folder of class folders; train/ val/ test/ of class folders; VTAB-1k lists; FGVC JSON lists; or a CSV with the
columns file, label and, if you like, split.`;

/** A flag's name from an option's: learningRate → --learning-rate. */
export const flagOf = (option: string): string =>
  `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** Adds options in order. */
export const withOptions = (command: Command, options: readonly Option[]): Command =>
  options.reduce((made, option) => made.addOption(option), command);
