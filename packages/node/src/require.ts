import { createRequire } from 'node:module'

/** Loads a module when it is needed, or resolves its path. */
export const load: NodeJS.Require = createRequire(import.meta.url)
