import { elementRow, repeats } from '../../src/fhir/elements.ts'
import type { ElementTable } from '../../src/fhir/elements.ts'
import type { JsonObject, JsonValue } from '../../src/kernel/json.ts'

/** An element of an XML text, as much of XML as the vectors of the corpus use: no prefixes, no CDATA, no document type. */
export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlElement[]
  /** The element as it is written. */
  readonly source: string
}

interface OpenElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: XmlElement[]
  readonly from: number
}

const TAG = /<!--[^]*?-->|<\?[^]*?\?>|<(\/?)([\w.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>/g
const ATTRIBUTE = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }

/** @throws Error when the tags do not close each other */
export function readXml(text: string): XmlElement {
  const root: OpenElement = { name: '', attributes: {}, children: [], from: 0 }
  const open = [root]
  for (const tag of text.matchAll(TAG)) {
    const [written, closes, name, attributes = '', isEmpty] = tag
    if (name === undefined) continue
    const end = tag.index + written.length
    if (!closes) open.push({ name, attributes: attributesOf(attributes), children: [], from: tag.index })
    if (!closes && !isEmpty) continue
    const done = open.pop() ?? root
    if (done.name !== name) throw new Error(`</${name}> closes <${done.name}>`)
    const { from, ...content } = done
    open.at(-1)?.children.push({ ...content, source: text.slice(from, end) })
  }
  const [only] = root.children
  if (!only || open.length > 1) throw new Error('the text has no root, or it stays open')
  return only
}

function attributesOf(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(ATTRIBUTE)].map(([, name = '', a, b]) => [name, plainText(a ?? b ?? '')]),
  )
}

function plainText(text: string): string {
  return text.replaceAll(/&(#?\w+);/g, (whole, name: string) => {
    const [, hex, code] = /^#(x?)([\da-f]+)$/i.exec(name) ?? []
    return code === undefined
      ? (ENTITIES[name] ?? whole)
      : String.fromCodePoint(Number.parseInt(code, hex ? 16 : 10))
  })
}

/** How a quotation mark, or white space around tags, is written is no difference between two narratives. */
export function sameMarkup(xhtml: string): string {
  return xhtml
    .replaceAll('&quot;', '"')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ?(<[^>]*>) ?/g, '$1')
}

/** The JSON of a resource that is written in XML. @throws Error for an element that its type does not have @see FHIR R4, "XML Representation" */
export function resourceOfXml(table: ElementTable, element: XmlElement): JsonObject {
  return { resourceType: element.name, ...contentOf(table, element, element.name) }
}

function contentOf(table: ElementTable, element: XmlElement, type: string): JsonObject {
  const content: Record<string, JsonValue> = {}
  for (const name of ['id', 'url']) {
    const value = element.attributes[name]
    if (value !== undefined) content[name] = value
  }
  for (const [name, siblings] of Map.groupBy(element.children, (child) => child.name)) {
    const row = elementRow(table, type, name)
    if (!row) throw new Error(`${type} has no ${name}`)
    const values = siblings.map((sibling) => valueOf(table, sibling, row[0]))
    const besides = siblings.map((sibling) => besideOf(table, sibling, row[0]))
    const put = (property: string, given: readonly (JsonValue | undefined)[]): void => {
      if (given.every((value) => value === undefined)) return
      content[property] = repeats(row) ? given.map((value) => value ?? null) : (given[0] ?? null)
    }
    put(name, values)
    put(`_${name}`, besides)
  }
  return content
}

function isPrimitive(type: string): boolean {
  return /^[a-z]/.test(type)
}

function valueOf(table: ElementTable, element: XmlElement, type: string): JsonValue | undefined {
  if (type === 'xhtml') return sameMarkup(element.source)
  if (type === 'Resource') {
    const [resource] = element.children
    return resource && resourceOfXml(table, resource)
  }
  if (!isPrimitive(type)) return contentOf(table, element, type)
  const { value } = element.attributes
  if (value === undefined) return undefined
  const isPlain = ['boolean', 'decimal', 'integer', 'unsignedInt', 'positiveInt'].includes(type)
  return isPlain ? (JSON.parse(value) as JsonValue) : value
}

/** Id and extensions of a primitive. */
function besideOf(table: ElementTable, element: XmlElement, type: string): JsonValue | undefined {
  if (!isPrimitive(type) || type === 'xhtml') return undefined
  const content = contentOf(table, element, 'Element')
  return Object.keys(content).length > 0 ? content : undefined
}
