/** HTML elements that a narrative may have. @see FHIR R4, "Narrative", txt-1 */
const ELEMENTS: ReadonlySet<string> = new Set(
  (
    'a abbr acronym address b big blockquote br caption center cite code col colgroup dd del dfn div dl dt em figure font h1 h2 h3 h4 h5 h6 ' +
    'hr i img ins kbd li map area ol p pre q s samp small span strike strong style sub sup table tbody td tfoot th thead tr tt u ul var article section header footer nav'
  ).split(' '),
)
const NAME = /[A-Za-z][\w:.-]{0,100}/y
const ATTRIBUTE = /\s+([A-Za-z_:][\w:.-]{0,100})\s{0,20}=\s{0,20}(?:"([^"<]*)"|'([^'<]*)')/y
const TAG_END = /\s*(\/?)>/y
/** Named entities of HTML are allowed in narratives; a bare ampersand is not. */
const ENTITY = /&(?:[A-Za-z][A-Za-z0-9]{1,31}|#\d{1,7}|#x[0-9A-Fa-f]{1,6});/y
const SCRIPT_URL = /^(?:javascript|vbscript|data:text)/i
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
  for (let i = text.indexOf('&', at); i !== -1 && i < stop; i = text.indexOf('&', i + 1)) {
    ENTITY.lastIndex = i
    if (!ENTITY.test(text)) return 'An ampersand is written as &amp;.'
  }
  reader.at = stop
  return undefined
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
  for (let found = read(ATTRIBUTE, reader, reader.at); found; found = read(ATTRIBUTE, reader, reader.at)) {
    const problem = attributeProblem(found[1] ?? '', found[2] ?? found[3] ?? '')
    if (problem !== undefined) return problem
  }
  const end = read(TAG_END, reader, reader.at)
  if (!end) return `<${name}> is malformed: attributes are written as name="value".`
  if (name === 'img') reader.filled = true
  if (end[1] === '') reader.open.push(name)
  return undefined
}

function attributeProblem(name: string, value: string): string | undefined {
  const lower = name.toLowerCase()
  if (lower.startsWith('on')) return `A narrative must not have the event attribute "${name}".`
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
