interface Layer {
  readonly name: string
  readonly contents: Contents
}

/** Contents of one folder: what its YAML or CSV says, by path below the folder. */
export type Contents = ReadonlyMap<string, unknown>
type Fields = Readonly<Record<string, unknown>>

/** Lists whose members have a name: an overlay replaces the member of that name, or adds one. */
const NAMED = {
  rows: 'id',
  images: 'key',
  effects: 'id',
  links: 'id',
  parameters: 'id',
  segments: 'segment',
} as const

/**
 * Lays overlays over the files of a rule set. A file of the same path adds rows and images, replaces those of the same name, takes away what
 * it lists under `disable`, extends `events` and `ignored`, and replaces every other key; a file of a new path is added. An image that says
 * nothing but `adds` keeps what it is, and takes these maps, too. Tables are merged by code. The segments of a message that the hub sends are files of their own in this; a new one stands behind the one that it names (`after`).
 *
 * @param problems gets what two overlays both change, and what an overlay takes away that is not there
 */
export function overlay(base: Contents, layers: readonly Layer[], problems: string[]): Contents {
  if (layers.length === 0) return base
  const merged = new Map(base)
  const changedBy = new Map<string, string>()
  for (const { name, contents } of layers) {
    const claim = (what: string): void => {
      const other = changedBy.get(what)
      if (other !== undefined && other !== name)
        problems.push(`overlays/${name}/${what}: overlay ${other} changes it, too`)
      changedBy.set(what, name)
    }
    for (const [path, patch] of contents) {
      const known = merged.get(path)
      if (known === undefined) claim(path)
      const note = (what: string): void => claim(`${path} ${what}`)
      const context = {
        note,
        missing: (what: string) => problems.push(`overlays/${name}/${path}: there is no ${what}`),
        shared: (image: string) => merged.get(`images/${image}.yaml`),
      }
      merged.set(path, known === undefined ? patch : mergeFile(known, patch, context))
    }
  }
  return merged
}

interface Context {
  readonly note: (what: string) => void
  readonly missing: (what: string) => void
  /** The file of an image that several messages make. */
  readonly shared: (image: string) => unknown
}

function mergeFile(known: unknown, patch: unknown, context: Context): unknown {
  if (Array.isArray(known) && Array.isArray(patch))
    return mergeNamed(known, patch, { ...context, name: 'code' })
  if (!isFields(known) || !isFields(patch)) return patch
  const { disable = [], ...changes } = patch
  const merged: Record<string, unknown> = { ...known }
  if (isAddition(patch)) return widened(known, patch, context)
  for (const [key, value] of Object.entries(changes))
    merged[key] = mergeKey(known[key], value, { ...context, key })
  for (const id of disable as readonly string[]) remove(merged, id, context)
  return merged
}

interface KeyContext extends Context {
  readonly key: string
}

function mergeKey(known: unknown, value: unknown, context: KeyContext): unknown {
  const merged = Array.isArray(known) && Array.isArray(value) ? mergeList(known, value, context) : undefined
  if (merged !== undefined) return merged
  if (context.key === 'events' && isFields(known) && isFields(value)) return { ...known, ...value }
  if (JSON.stringify(known) !== JSON.stringify(value)) context.note(context.key)
  return value
}

/** @returns `undefined` for a list that is replaced as a whole */
function mergeList(
  known: readonly unknown[],
  patch: readonly unknown[],
  { key, ...context }: KeyContext,
): unknown[] | undefined {
  if (key === 'segments') return mergeSegments(known, patch, context)
  if (key === 'ignored') return [...new Set([...known, ...patch])]
  return key in NAMED
    ? mergeNamed(known, patch, { ...context, name: NAMED[key as keyof typeof NAMED] })
    : undefined
}

function mergeNamed(
  known: readonly unknown[],
  patch: readonly unknown[],
  { name, ...context }: Context & { readonly name: string },
): unknown[] {
  const places = new Map(known.map((one, at) => [nameOf(one, name), at]))
  const merged: unknown[] = [...known]
  // What is new comes first: the first row that writes an element wins, and a site knows better.
  const added: unknown[] = []
  for (const one of patch) {
    const id = nameOf(one, name)
    const at = places.get(id)
    const there = at === undefined ? undefined : merged[at]
    if (at !== undefined && isFields(there) && isAddition(one)) {
      merged[at] = widened(there, one, { ...context, note: (what) => context.note(`${id} ${what}`) })
      continue
    }
    context.note(id)
    if (at === undefined) added.push(one)
    else merged[at] = one
  }
  return name === 'id' ? [...added, ...merged] : [...merged, ...added]
}

interface Addition extends Fields {
  readonly adds: readonly unknown[]
}

/** Maps that join those which an image has. */
function isAddition(patch: unknown): patch is Addition {
  if (!isFields(patch) || !Array.isArray(patch['adds'])) return false
  return Object.keys(patch).every((key) => ['key', 'use', 'adds'].includes(key))
}

function widened(known: Fields, { adds }: Addition, { note, shared }: Context): Fields {
  for (const map of adds) note(String(map))
  const file = shared(String(known['use']))
  const maps = known['maps'] ?? (isFields(file) ? file['maps'] : undefined)
  return { ...known, maps: [...new Set([...(Array.isArray(maps) ? (maps as unknown[]) : []), ...adds])] }
}

function mergeSegments(known: readonly unknown[], patch: readonly unknown[], context: Context): unknown[] {
  const merged: unknown[] = [...known]
  const placeOf = (name: string): number => merged.findIndex((one) => nameOf(one, 'segment') === name)
  for (const one of patch) {
    const name = nameOf(one, 'segment')
    const { after, ...segment } = isFields(one) ? one : {}
    const at = placeOf(name)
    if (at !== -1) {
      const note = (what: string): void => context.note(`${name} ${what}`)
      merged[at] = mergeFile(merged[at], segment, { ...context, note })
      continue
    }
    context.note(name)
    const before = placeOf(typeof after === 'string' ? after : '')
    if (after !== undefined && before === -1)
      context.missing(`${JSON.stringify(after)} for ${name} to stand behind`)
    merged.splice(before === -1 ? merged.length : before + 1, 0, segment)
  }
  return merged
}

function remove(file: Record<string, unknown>, id: string, { note, missing }: Context): void {
  note(id)
  let isFound = false
  for (const [key, name] of Object.entries(NAMED)) {
    const list = file[key]
    if (!Array.isArray(list)) continue
    const kept = (list as unknown[]).filter((one) => nameOf(one, name) !== id)
    isFound ||= kept.length < list.length
    file[key] = kept
  }
  if (!isFound) missing(`${id} to disable`)
}

function nameOf(member: unknown, name: string): string {
  const found = isFields(member) ? (member[name] ?? member['use']) : undefined
  return typeof found === 'string' ? found : ''
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
