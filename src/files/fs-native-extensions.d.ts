/** The one function that is used of a package that brings no types. */
declare module "fs-native-extensions" {
  const extensions: {
    /** False where another open file has the lock. */
    readonly tryLock: (descriptor: number) => boolean;
  };
  export default extensions;
}
