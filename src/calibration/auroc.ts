/** The area under the ROC curve: how well a score tells images of the classes from others. */

/** The probability that one of `inside` scores above one of `outside`, ties counting half; NaN where either is empty. */
export function auroc(inside: readonly number[], outside: readonly number[]): number {
  const all = [
    ...inside.map((score) => ({ score, isInside: true })),
    ...outside.map((score) => ({ score, isInside: false })),
  ].sort((a, b) => a.score - b.score);
  let [wins, below] = [0, 0];
  for (let from = 0; from < all.length; ) {
    let to = from;
    while (to < all.length && all[to]?.score === all[from]?.score) to++;
    const tied = all.slice(from, to);
    const insiders = tied.filter(({ isInside }) => isInside).length;
    const outsiders = tied.length - insiders;
    wins += insiders * (below + outsiders / 2);
    below += outsiders;
    from = to;
  }
  return wins / (inside.length * outside.length);
}
