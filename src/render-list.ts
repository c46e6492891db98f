/** Several things in a sentence. */

/** `1, 2 and 3`. */
export const renderList = (items: readonly string[]): string =>
  items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.slice(-1).join("")}`;
