/** What is used of a package that has no types of its own. */

declare module "heic-decode" {
  export default function decode(options: { readonly buffer: Uint8Array }): Promise<{
    readonly width: number;
    readonly height: number;
    /** RGBA */
    readonly data: Uint8ClampedArray;
  }>;
}
