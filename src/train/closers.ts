/** Ends what was opened, in the reverse order; what has failed before may fail again, unheard. */
export class Closers {
  private readonly list: (() => Promise<void>)[] = [];

  add<T extends { readonly close: () => Promise<void> }>(opened: T): T {
    this.list.push(() => opened.close());
    return opened;
  }

  async close(): Promise<void> {
    for (const close of this.list.splice(0).reverse()) await close().catch(() => {});
  }
}
