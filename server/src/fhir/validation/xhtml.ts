/**
 * HTML elements that a narrative may have: chapters 7 to 11 (without 9.4, `ins` and `del`) and 15 of HTML 4.0, links, images and their maps.
 *
 * @see FHIR R4, "Narrative", txt-1
 */
const ELEMENTS: ReadonlySet<string> = new Set(
  (
    'a abbr acronym address area b big blockquote br caption center cite code col colgroup dd dfn div dl dt em font h1 h2 h3 h4 h5 h6 ' +
    'hr i img kbd li map ol p pre q s samp small span strike strong sub sup table tbody td tfoot th thead tr tt u ul var'
  ).split(' '),
)
/** Attributes of those elements in HTML 4.0, and those of XML. */
const ATTRIBUTES: ReadonlySet<string> = new Set(
  (
    'abbr accesskey align alt axis bgcolor border cellpadding cellspacing char charoff charset cite class clear color cols colspan compact ' +
    'coords dir face frame headers height href hreflang hspace id ismap lang longdesc name nohref noshade nowrap rel rev rowspan rules ' +
    'scope shape size span src start style summary tabindex target title type usemap valign value vspace width xml:lang xml:space xmlns'
  ).split(' '),
)
const NAME = /[A-Za-z][\w:.-]{0,100}/y
const ATTRIBUTE = /\s+([A-Za-z_:][\w:.-]{0,100})\s{0,20}=\s{0,20}(?:"([^"<]*)"|'([^'<]*)')/y
const TAG_END = /\s*(\/?)>/y
/** The narrative is XML without a document type: of the names of HTML it knows those of XML alone. @see FHIR R4, "Narrative" */
const ENTITIES: ReadonlySet<string> = new Set(['amp', 'apos', 'gt', 'lt', 'quot'])
const ENTITY = /&(?:([A-Za-z][A-Za-z0-9]{1,31})|#(\d{1,7})|#x([0-9A-Fa-f]{1,6}));/y
const SCRIPT_URL = /^(?:javascript|vbscript|data:text)/i
/** @see XML 1.0, 2.2 */
const NO_XML = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u
const NOT_SEEN = /[\s\p{Cc}]+/gu

interface Reader {
  readonly text: string
  at: number
  readonly open: string[]
  /** Something that can be seen: text or an image (txt-2). */
  filled: boolean
}

/**
 * What makes a narrative unsafe or malformed, or `undefined`: it must be one well-formed `div` with content, without scripts, event
 * attributes and script addresses.
 */
export function xhtmlProblem(text: string): string | undefined {
  const reader: Reader = { text: text.trim(), at: 0, open: [], filled: false }
  if (!/^<div[\s>/]/.test(reader.text))
    return 'The narrative must be one <div xmlns="http://www.w3.org/1999/xhtml">.'
  if (NO_XML.test(text)) return 'The narrative has characters that XML does not know: remove them.'
  while (reader.at < reader.text.length) {
    const problem = next(reader)
    if (problem !== undefined) return problem
    if (reader.open.length === 0 && reader.at < reader.text.length)
      return 'The narrative must be one <div> and nothing after it.'
  }
  const open = reader.open.at(-1)
  if (open !== undefined) return `<${open}> is not closed.`
  return reader.filled ? undefined : 'The narrative must have text or an image (txt-2).'
}

function next(reader: Reader): string | undefined {
  const { text, at } = reader
  if (text.charCodeAt(at) !== 60) return characters(reader)
  if (text.startsWith('<!--', at)) return skip(reader, '-->')
  if (text.startsWith('</', at)) return endTag(reader)
  if (text.startsWith('<!', at) || text.startsWith('<?', at))
    return 'A narrative has no declarations and no processing instructions.'
  return startTag(reader)
}

function characters(reader: Reader): string | undefined {
  const { text, at } = reader
  const end = text.indexOf('<', at)
  const stop = end === -1 ? text.length : end
  if (text.slice(at, stop).trim() !== '') reader.filled = true
  reader.at = stop
  return entitiesProblem(text, at, stop)
}

function entitiesProblem(text: string, from: number, stop: number): string | undefined {
  for (let i = text.indexOf('&', from); i !== -1 && i < stop; i = text.indexOf('&', i + 1)) {
    const problem = entityProblem(text, i)
    if (problem !== undefined) return problem
  }
  return undefined
}

function entityProblem(text: string, at: number): string | undefined {
  ENTITY.lastIndex = at
  const found = ENTITY.exec(text)
  if (!found) return 'An ampersand is written as &amp;.'
  const [reference, name, decimal, hexadecimal] = found
  if (name !== undefined)
    return ENTITIES.has(name)
      ? undefined
      : `A narrative is XML, which knows no "${reference}": write the character as it is, or its number (&#160; for &nbsp;).`
  const code = decimal === undefined ? Number.parseInt(hexadecimal ?? '20', 16) : Number(decimal)
  return isXmlCharacter(code) ? undefined : `${reference} stands for no character of XML.`
}

/** @see XML 1.0, 2.2 */
function isXmlCharacter(code: number): boolean {
  if (code < 32) return code === 9 || code === 10 || code === 13
  return code < 0xd8_00 || (code > 0xdf_ff && code < 0xff_fe) || (code > 0xff_ff && code <= 0x10_ff_ff)
}

function skip(reader: Reader, end: string): string | undefined {
  const stop = reader.text.indexOf(end, reader.at + 4)
  if (stop === -1) return 'A comment is not closed.'
  reader.at = stop + end.length
  return undefined
}

function endTag(reader: Reader): string | undefined {
  const name = read(NAME, reader, reader.at + 2)?.[0]
  const end = name === undefined ? null : read(/\s*>/y, reader, reader.at)
  if (name === undefined || !end) return 'An end tag is malformed.'
  return reader.open.pop() === name ? undefined : `</${name}> closes an element that is not open.`
}

function startTag(reader: Reader): string | undefined {
  const name = read(NAME, reader, reader.at + 1)?.[0]
  if (name === undefined) return 'A "<" that starts no element is written as &lt;.'
  if (!ELEMENTS.has(name))
    return `A narrative must not have <${name}>: only simple HTML formatting is allowed (txt-1).`
  const problem = attributesProblem(reader)
  if (problem !== undefined) return problem
  const end = read(TAG_END, reader, reader.at)
  if (!end) return `<${name}> is malformed: attributes are written as name="value".`
  if (name === 'img') reader.filled = true
  if (end[1] === '') reader.open.push(name)
  return undefined
}

function attributesProblem(reader: Reader): string | undefined {
  const seen = new Set<string>()
  for (let found = read(ATTRIBUTE, reader, reader.at); found; found = read(ATTRIBUTE, reader, reader.at)) {
    const [, name = '', quoted, single = ''] = found
    const problem = attributeProblem(name, quoted ?? single)
    if (problem !== undefined) return problem
    if (seen.has(name)) return `An element has the attribute "${name}" once only.`
    seen.add(name)
  }
  return reader.open.length > 0 || seen.has('xmlns')
    ? undefined
    : 'The <div> of a narrative names its namespace: xmlns="http://www.w3.org/1999/xhtml".'
}

function attributeProblem(name: string, value: string): string | undefined {
  const lower = name.toLowerCase()
  if (lower.startsWith('on')) return `A narrative must not have the event attribute "${name}".`
  if (!ATTRIBUTES.has(name) && !name.startsWith('xmlns:'))
    return `A narrative must not have the attribute "${name.slice(0, 40)}": only those of HTML 4 are allowed (txt-1).`
  const problem = entitiesProblem(value, 0, value.length)
  if (problem !== undefined) return problem
  const address = decoded(value).replace(NOT_SEEN, '')
  if (SCRIPT_URL.test(address)) return `"${name}" must not hold a script.`
  if (lower === 'style' && /expression\(|javascript:/i.test(address)) return 'A style must not hold a script.'
  return lower === 'xmlns' && value !== 'http://www.w3.org/1999/xhtml'
    ? 'xmlns of a narrative is http://www.w3.org/1999/xhtml.'
    : undefined
}

/** Browsers read `java&#115;cript:` as what it stands for. */
function decoded(value: string): string {
  return value
    .replace(/&#(\d{1,7});?/g, (_, code: string) => character(Number(code)))
    .replace(/&#x([0-9A-Fa-f]{1,6});?/gi, (_, code: string) => character(Number.parseInt(code, 16)))
    .replace(/&(?:tab|newline);/gi, '')
    .replace(/&colon;/gi, ':')
}

function character(code: number): string {
  return code <= 0x10_ff_ff ? String.fromCodePoint(code) : ''
}

function read(pattern: RegExp, reader: Reader, from: number): RegExpExecArray | null {
  pattern.lastIndex = from
  const found = pattern.exec(reader.text)
  if (found) reader.at = pattern.lastIndex
  return found
}
