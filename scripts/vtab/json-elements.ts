/** Reads an array of a large JSON file element by element, so that the file is never in memory as a whole. */

import { createReadStream } from "node:fs";
import { FileError } from "../../src/errors.ts";
import { readProblem } from "../../src/files/file-problem.ts";
import { parseJson } from "../../src/files/read-json.ts";

/** An element of more is refused; a scene of CLEVR has some kilobytes. */
const MAX_ELEMENT_BYTES = 2 ** 20;

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

/** The objects in the array that the object in the file has under `key`. */
export async function* readElements(path: string, key: string): AsyncGenerator<unknown, void, undefined> {
  const scanner = new Scanner(path, key);
  let count = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 18 }))
      for (const text of scanner.scan(chunk as Uint8Array))
        yield parseJson(text, `${path}: element ${count++} of ${key}`);
  } catch (error) {
    throw readProblem(error, path);
  }
  if (!scanner.isComplete)
    throw new FileError(`${path} ends before its ${key} do. It is cut short; extract it again.`);
}

/** Follows the braces and strings of a JSON text that comes in chunks. */
class Scanner {
  readonly #path: string;
  readonly #key: string;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  /** Whether the array is open that is asked for. */
  #isInArray = false;
  #lastString = "";
  /** What has come of the key or of the element that is being taken. */
  #taken: Uint8Array[] = [];
  #takenBytes = 0;
  /** Where in this chunk the taking began. */
  #start: number | undefined;
  isComplete = false;

  constructor(path: string, key: string) {
    this.#path = path;
    this.#key = key;
  }

  /** The texts of the elements that end in `chunk`. */
  *scan(chunk: Uint8Array): Generator<string, void, undefined> {
    if (this.#start !== undefined) this.#start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (this.#isInString) this.#inString(byte, { chunk, at });
      else if (byte === quote) {
        this.#isInString = true;
        if (this.#depth === 1) this.#start = at + 1;
        else if (this.#isInArray && this.#depth === 2) this.#refuse();
      } else if (byte === openBrace || byte === openBracket) this.#open(byte, at);
      else if (byte === closeBrace || byte === closeBracket) {
        if (--this.#depth === 1) {
          if (this.#isInArray) this.isComplete = true;
          this.#isInArray = false;
        } else if (this.#isInArray && this.#depth === 2) yield this.#take(chunk, at + 1);
      } else if (this.#isInArray && this.#depth === 2 && byte > 0x20 && byte !== comma) this.#refuse();
    }
    if (this.#start !== undefined) this.#keep(chunk.subarray(this.#start));
  }

  #inString(byte: number, { chunk, at }: { readonly chunk: Uint8Array; readonly at: number }): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === backslash) this.#isEscaped = true;
    else if (byte === quote) {
      this.#isInString = false;
      if (this.#depth === 1) this.#lastString = this.#take(chunk, at);
    }
  }

  #open(byte: number, at: number): void {
    this.#depth++;
    if (this.#depth === 2) this.#isInArray = byte === openBracket && this.#lastString === this.#key;
    else if (this.#depth === 3 && this.#isInArray) {
      if (byte !== openBrace) this.#refuse();
      this.#start = at;
    }
  }

  #take(chunk: Uint8Array, end: number): string {
    this.#keep(chunk.subarray(this.#start, end));
    const text = Buffer.concat(this.#taken).toString();
    this.#taken = [];
    this.#takenBytes = 0;
    this.#start = undefined;
    return text;
  }

  #keep(bytes: Uint8Array): void {
    this.#takenBytes += bytes.length;
    if (this.#takenBytes > MAX_ELEMENT_BYTES)
      throw new FileError(
        `${this.#path}: a part of its ${this.#key} has more than ${MAX_ELEMENT_BYTES.toLocaleString("en")} bytes. It is damaged; extract it again.`,
      );
    this.#taken.push(bytes);
  }

  #refuse(): never {
    throw new FileError(
      `${this.#path}: its ${this.#key} are not a list of objects. It is damaged; extract it again.`,
    );
  }
}
