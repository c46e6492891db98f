/** Closes what was opened, in reverse order, ignoring errors: the first failure is the one to report. */
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
