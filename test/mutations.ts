/** Seeded damage to a file's bytes, for the tests that no damage may crash a reader. */

/** A small generator of its own, so that a failing round can be drawn again from its number. */
function drawer(seed: number): (below: number) => number {
  let state = (seed * 2654435761 + 1) >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const interesting = [0, 1, 0x7f, 0x80, 0xff, 0x22, 0x2c, 0x2d, 0x30, 0x39, 0x5b, 0x5d, 0x7b, 0x7d];

/** The `round`th damaged copy of `bytes`; most damage falls below `headerBytes`. */
export function mutate(
  bytes: Uint8Array,
  { round, headerBytes }: { readonly round: number; readonly headerBytes: number },
): Uint8Array {
  const draw = drawer(round + 1);
  let result = Buffer.from(bytes);
  for (let count = 1 + draw(3); count > 0; count--) {
    const at = draw(draw(8) === 0 ? result.length : Math.min(headerBytes, result.length));
    switch (draw(5)) {
      case 0:
        result[at] = (result[at] ?? 0) ^ (1 << draw(8));
        break;
      case 1:
        result[at] = interesting[draw(interesting.length)] ?? 0;
        break;
      case 2:
        result = result.subarray(0, draw(result.length));
        break;
      case 3:
        result = Buffer.concat([
          result.subarray(0, at),
          Buffer.alloc(1 + draw(9), 0x39),
          result.subarray(at),
        ]);
        break;
      default:
        result = Buffer.concat([result.subarray(0, at), result.subarray(at + 1 + draw(16))]);
    }
  }
  return result;
}
