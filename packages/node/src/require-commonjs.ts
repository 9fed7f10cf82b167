// Replaces require.ts in the CommonJS build.

/** Loads a module when it is needed, or resolves its path. */
export const load: NodeJS.Require = require
