/** Random numbers for tests, from a seed, exact in float32. */

/** `count` numbers in [low, high) by mulberry32, Tommy Ettinger's public-domain generator. */
export function randomNumbers(count: number, { seed = 1, low = -1, high = 1 } = {}): Float32Array {
  let state = seed * 0x9e3779b9;
  return Float32Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return low + (((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * (high - low);
  });
}
