const UUID_OR_OID = /^urn:(?:uuid|oid):/i

/**
 * One spelling for each identity: `urn:uuid:AB…` is `urn:uuid:ab…`, and the scheme has no case either.
 *
 * @see RFC 8141, 3.1; RFC 9562, 4
 */
export function sameUrn(address: string): string {
  return UUID_OR_OID.test(address) ? address.toLowerCase() : address
}
