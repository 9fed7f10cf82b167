// The vendor's SDK has no types.
declare module 'cybersource-rest-client' {
  // biome-ignore lint/suspicious/noExplicitAny: There is nothing to say about them.
  const sdk: any
  export default sdk
}
