/** The version of this package, as package.json has it: written here too, because a bundle carries no package.json. */

export const version = "0.1.0";
