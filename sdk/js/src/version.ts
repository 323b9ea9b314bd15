/** The version of this SDK, as in `package.json`. */
export const VERSION = '0.1.0';
