/** What a literal reference says: relative ones name type and id, all others only a uri. */
export interface LiteralReference {
  readonly type?: string
  readonly id?: string
  readonly version?: string
  /** The reference as it stands, own absolute base taken off. */
  readonly text: string
}

const RELATIVE = /^([A-Z][A-Za-z]{1,50})\/([A-Za-z0-9.-]{1,64})(?:\/_history\/([A-Za-z0-9.-]{1,64}))?$/

/** @param base own absolute base such as `http://127.0.0.1:8080/fhir`, below which references count as relative ones. */
export function readReference(reference: string, base: string): LiteralReference {
  const own = base !== '' && reference.startsWith(base) && reference.charAt(base.length) === '/'
  const text = own ? reference.slice(base.length + 1) : reference
  const parts = RELATIVE.exec(text)
  if (!parts) return { text }
  const [, type = '', id = '', version] = parts
  return { type, id, text, ...(version === undefined ? {} : { version }) }
}

const ENDING = /(?:^|\/)([A-Z][A-Za-z]{1,50})\/[A-Za-z0-9.-]{1,64}(?:\/_history\/[A-Za-z0-9.-]{1,64})?$/

/** The resource type that a reference's text ends in, absolute ones included; `undefined` for logical ones, fragments and urn. */
export function referencedType(reference: string): string | undefined {
  return reference.length > 2048 || reference.startsWith('urn:') ? undefined : ENDING.exec(reference)?.[1]
}
