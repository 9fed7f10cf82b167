/// <reference lib="esnext.disposable" preserve="true" />

// `await using` needs Symbol.asyncDispose, which the first releases of Node 20 and some sandboxes of
// test frameworks lack. A symbol that is there is kept, since other libraries use it.
if (Symbol.asyncDispose === undefined) {
  Object.defineProperty(Symbol, 'asyncDispose', { value: Symbol('Symbol.asyncDispose') })
}

// Makes this file a module.
export {}
