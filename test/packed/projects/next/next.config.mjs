/** Next leaves the package out of its bundles, as docs/library.md advises. */

export default { serverExternalPackages: ["rlrr"] };
