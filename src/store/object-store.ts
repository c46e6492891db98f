/** A store of objects by key, as S3 and what is compatible with it: whole objects, and none that is written over unasked. */

/** Keys are relative to the place that the store was opened for. */
export interface ObjectStore {
  /** `s3://BUCKET/PREFIX`. */
  readonly address: string;
  /** The keys that begin so, with their sizes in bytes. */
  readonly list: (prefix: string) => Promise<ReadonlyMap<string, number>>;
  /** Undefined where there is none. */
  readonly get: (key: string) => Promise<Uint8Array | undefined>;
  /** The same in chunks, for what may be large. */
  readonly read: (key: string) => Promise<AsyncIterable<Uint8Array> | undefined>;
  readonly put: (key: string, bytes: Uint8Array | string) => Promise<void>;
  /** Of two who write the same key so, one gets true; nothing is written for the other. */
  readonly putNew: (key: string, bytes: Uint8Array | string) => Promise<boolean>;
  /** A file of any size. */
  readonly putFile: (key: string, path: string) => Promise<void>;
  readonly remove: (keys: readonly string[]) => Promise<void>;
}
