interface Layer {
  readonly name: string
  readonly contents: Contents
}

/** Contents of one folder: what its YAML or CSV says, by path below the folder. */
export type Contents = ReadonlyMap<string, unknown>
type Fields = Readonly<Record<string, unknown>>

/** Lists whose members have a name: an overlay replaces the member of that name, or adds one. */
const NAMED = { rows: 'id', images: 'key', effects: 'id', links: 'id', parameters: 'id' } as const

/**
 * Lays overlays over the files of a rule set. A file of the same path adds rows and images, replaces those of the same name, takes away what
 * it lists under `disable`, extends `events` and `ignored`, and replaces every other key; a file of a new path is added. Tables are merged by
 * code.
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
        missing: (what: string) => problems.push(`overlays/${name}/${path}: there is no ${what} to disable`),
      }
      merged.set(path, known === undefined ? patch : mergeFile(known, patch, context))
    }
  }
  return merged
}

interface Context {
  readonly note: (what: string) => void
  readonly missing: (what: string) => void
}

function mergeFile(known: unknown, patch: unknown, context: Context): unknown {
  if (Array.isArray(known) && Array.isArray(patch))
    return mergeNamed(known, patch, { ...context, name: 'code' })
  if (!isFields(known) || !isFields(patch)) return patch
  const { disable = [], ...changes } = patch
  const merged: Record<string, unknown> = { ...known }
  for (const [key, value] of Object.entries(changes))
    merged[key] = mergeKey(known[key], value, { ...context, key })
  for (const id of disable as readonly string[]) remove(merged, id, context)
  return merged
}

function mergeKey(
  known: unknown,
  value: unknown,
  { key, ...context }: Context & { readonly key: string },
): unknown {
  if (key in NAMED && Array.isArray(known) && Array.isArray(value))
    return mergeNamed(known, value, { ...context, name: NAMED[key as keyof typeof NAMED] })
  if (key === 'ignored' && Array.isArray(known) && Array.isArray(value))
    return [...new Set([...(known as unknown[]), ...(value as unknown[])])]
  if (key === 'events' && isFields(known) && isFields(value)) return { ...known, ...value }
  if (JSON.stringify(known) !== JSON.stringify(value)) context.note(key)
  return value
}

function mergeNamed(
  known: readonly unknown[],
  patch: readonly unknown[],
  { name, note }: Context & { readonly name: string },
): unknown[] {
  const places = new Map(known.map((one, at) => [nameOf(one, name), at]))
  const merged: unknown[] = [...known]
  // What is new comes first: the first row that writes an element wins, and a site knows better.
  const added: unknown[] = []
  for (const one of patch) {
    const id = nameOf(one, name)
    note(id)
    const at = places.get(id)
    if (at === undefined) added.push(one)
    else merged[at] = one
  }
  return name === 'id' ? [...added, ...merged] : [...merged, ...added]
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
  if (!isFound) missing(id)
}

function nameOf(member: unknown, name: string): string {
  const found = isFields(member) ? (member[name] ?? member['use']) : undefined
  return typeof found === 'string' ? found : ''
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
