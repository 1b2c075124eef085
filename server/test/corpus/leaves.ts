/**
 * The values of a resource with the path of each, without places in lists. Compared is what they mean: a time with an offset is an instant,
 * the readable text of a code has no case, blanks at the ends do not count.
 */
export function* leavesOf(value: unknown, path: string): Generator<readonly [path: string, value: string]> {
  if (Array.isArray(value)) for (const item of value as unknown[]) yield* leavesOf(item, path)
  else if (typeof value === 'object' && value !== null)
    for (const [name, inner] of Object.entries(value)) yield* leavesOf(inner, `${path}.${name}`)
  else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    yield [path, meaningOf(String(value), path)]
}

function meaningOf(text: string, path: string): string {
  if (/^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/.test(text)) {
    const time = new Date(text)
    if (!Number.isNaN(time.getTime())) return time.toISOString()
  }
  const trimmed = text.trim()
  return path.endsWith('.display') ? trimmed.toLowerCase().replaceAll('’', "'") : trimmed
}

/** The resources of a Bundle in FHIR's XML, as far as their values: what is a list and what is not makes no difference to them. */
export function resourcesOfXml(xml: string): readonly Record<string, unknown>[] {
  const [bundle] = childrenOf(tokensOf(xml))
  return (bundle?.children ?? [])
    .filter(({ name }) => name === 'entry')
    .flatMap((entry) => entry.children.filter(({ name }) => name === 'resource'))
    .flatMap(({ children }) => children)
    .map((resource) => Object.assign(asObject(resource), { resourceType: resource.name }))
}

interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly Element[]
}

interface Token {
  readonly name: string
  readonly attributes: string
  readonly kind: 'begin' | 'end' | 'whole'
}

function tokensOf(xml: string): Token[] {
  const plain = xml.replaceAll(/<!--.*?-->|<\?.*?\?>|<text>.*?<\/text>/gs, '')
  return [...plain.matchAll(/<(\/?)([\w:]+)((?:\s+[\w:]+\s*=\s*"[^"]*")*)\s*(\/?)>/g)].map(
    ([, end, name = '', attributes = '', whole]) => ({
      name,
      attributes,
      kind: end === '/' ? 'end' : whole === '/' ? 'whole' : 'begin',
    }),
  )
}

/** Takes tokens up to the end of the element around them. */
function childrenOf(tokens: Token[]): readonly Element[] {
  const found: Element[] = []
  for (let token = tokens.shift(); token !== undefined && token.kind !== 'end'; token = tokens.shift())
    found.push({
      name: token.name,
      attributes: attributesOf(token.attributes),
      children: token.kind === 'begin' ? childrenOf(tokens) : [],
    })
  return found
}

function attributesOf(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/([\w:]+)\s*=\s*"([^"]*)"/g)].map(([, name = '', value = '']) => [
      name,
      unescaped(value),
    ]),
  )
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }

function unescaped(text: string): string {
  return text.replaceAll(/&(#x?[\da-f]+|\w+);/gi, (whole, name: string) => {
    if (!name.startsWith('#')) return ENTITIES[name] ?? whole
    return String.fromCodePoint(
      /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1)),
    )
  })
}

function asObject({ attributes, children }: Element): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  if (attributes['url'] !== undefined) object['url'] = attributes['url']
  for (const child of children) {
    const { value } = child.attributes
    const known = (object[child.name] ?? []) as unknown[]
    object[child.name] = [
      ...known,
      child.children.length === 0 && value !== undefined ? value : asObject(child),
    ]
  }
  return object
}
