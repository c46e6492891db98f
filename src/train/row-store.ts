/** Where rows of numbers are kept that are computed once and read in every epoch. */

/** Rows by the index of their example. */
export interface RowStore {
  readonly write: (index: number, row: Float32Array) => Promise<void>;
  /** Into `to`, which has the size of a row. */
  readonly read: (index: number, to: Float32Array) => Promise<void>;
  /** Removes what was kept. */
  readonly close: () => Promise<void>;
}

/** The rows to be kept. */
export interface RowSizes {
  readonly rows: number;
  /** Numbers in each. */
  readonly width: number;
}

/** Opens a store outside of memory, such as a file; nothing where it has no room for so many. */
export type OpenRows = (sizes: RowSizes) => Promise<RowStore | undefined>;

/** Rows in memory. */
export function rowsInMemory(): RowStore {
  const kept = new Map<number, Float32Array>();
  return {
    write: async (index, row) => void kept.set(index, row.slice()),
    read: async (index, to) => {
      const row = kept.get(index);
      if (!row) throw new Error(`internal: row ${index} was not kept.`);
      to.set(row);
    },
    close: async () => kept.clear(),
  };
}
