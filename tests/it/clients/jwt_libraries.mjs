// What unmodified Node libraries say of a token that has expired: node jwt_libraries.mjs MODULES JWKS TOKEN
import assert from "node:assert";
import { createPublicKey } from "node:crypto";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, jwks, token] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${modules}/`));
const jsonwebtoken = require("jsonwebtoken");
const { jwtVerify, createLocalJWKSet } = await import(pathToFileURL(require.resolve("jose")));

// jose accepts it, unless it has to find a claim that is not there or an age that is in seconds.
const keys = createLocalJWKSet(JSON.parse(jwks));
assert((await jwtVerify(token, keys)).payload.client_id);
await assert.rejects(jwtVerify(token, keys, { maxTokenAge: "1h" }));
await assert.rejects(jwtVerify(token, keys, { requiredClaims: ["exp"] }));

// jsonwebtoken accepts it, whatever the maximum age is.
const key = createPublicKey({ key: JSON.parse(jwks).keys[0], format: "jwk" });
assert(jsonwebtoken.verify(token, key, { algorithms: ["RS256"] }).client_id);
assert(jsonwebtoken.verify(token, key, { algorithms: ["RS256"], maxAge: "1h" }).client_id);

console.log("completed");
