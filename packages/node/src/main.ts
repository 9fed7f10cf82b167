// What the entry points share. It is bundled into one file, which loads faster than many, and is loaded
// once, so that all entry points have the same travelers and classes.

export { MockServerError } from './errors.js'
export { explain, insertIntoStack } from './explanation.js'
export { findBinary } from './find-binary.js'
export { MockAuthServer } from './mock-auth-server.js'
export { MockRealm } from './mock-realm.js'
export { RealmClock } from './realm-clock.js'
export { ScenarioGuard } from './scenario-guard.js'
export { travelers } from './travel.js'
