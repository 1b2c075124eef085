import type { Node } from '../model/node.ts'
import type { Tools } from './tools.ts'

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/
const HEX = /^(?:[0-9A-Fa-f]{2})+$/

/**
 * Data of an ED (component 5) in base64, from the encoding that component 4 names in any case. Line breaks and missing padding are mended.
 *
 * @see HL7 v2.5.1, section 2.A.24 and table 0299
 */
export function dataOf(node: Node, tools: Pick<Tools, 'flaw'>): string | undefined {
  const encoding = node.partText(4).toUpperCase()
  const text = node.partText(5)
  if (text === '') return undefined
  // As nearly all write it. A document may be long: this takes a fraction of looking at each character.
  if (encoding === 'BASE64' && Buffer.from(text, 'base64').toString('base64') === text) return text
  const data = text.replaceAll(/\s/g, '')
  if (data === '') return undefined
  if (encoding === 'A') return Buffer.from(text).toString('base64')
  if (encoding === 'HEX' && HEX.test(data)) return Buffer.from(data, 'hex').toString('base64')
  if (encoding === 'BASE64' && BASE64.test(data) && data.replaceAll('=', '').length % 4 !== 1)
    return Buffer.from(data, 'base64').toString('base64')
  tools.flaw(node, 'encapsulated data is not in its encoding')
  return undefined
}

const WHOLE = /^(?:application|audio|font|image|message|model|multipart|text|video)\/[a-z0-9.+-]+$/
const MAIN = /^(?:APPLICATION|AUDIO|IMAGE|MULTIPART|TEXT|VIDEO)$/
const FREE = /^(?:X-|VND\.)[A-Z0-9.+-]+$/

/** What any data may be called. @see RFC 2046, section 4.5.1 */
const UNKNOWN = 'application/octet-stream'

/**
 * What kind of media an ED or RP holds: type of data and subtype in any case, by the table of such types. FHIR lets no data stand
 * without one (att-1), so what nobody knows is called unknown, and is reported.
 */
export function mediaTypeOf(node: Node, tools: Tools, subtype?: Node): string {
  const [kind, form] = [node.text.trim(), subtype === undefined ? '' : subtype.text.trim()]
  for (const text of [form, kind]) if (WHOLE.test(text.toLowerCase())) return text.toLowerCase()
  const [main, sub] = [kind.toUpperCase(), form.toUpperCase()]
  for (const name of [`${main}/${sub}`, sub, main]) {
    const known = name === '' ? undefined : tools.mediaTypes.get(name)?.to
    if (known) return known
  }
  if (MAIN.test(main) && FREE.test(sub)) return `${main}/${sub}`.toLowerCase()
  tools.unmapped(node, [kind, form].filter(Boolean).join('/'), 'mediaType')
  return UNKNOWN
}
