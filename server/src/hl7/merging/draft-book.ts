import type { Draft, Resources } from '../../fhir/resources.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Changed } from '../record/element-changes.ts'
import { isSame, parseExact } from '../record/exact-json.ts'

/** Resources that one commit changes, each by its last state: what a message writes and what its effects add to it are one draft. */
export interface DraftBook {
  /** As it will be after the commit; `undefined` when there is none. */
  read(reference: string): Promise<JsonObject | undefined>
  /** Changes it; one that is not there stays away. */
  change(reference: string, change: (resource: JsonObject) => JsonObject): Promise<void>
  drafts(): readonly Draft[]
  /** What was changed, beside what it was. */
  changed(): readonly Changed[]
}

export function createDraftBook(resources: Pick<Resources, 'peek'>, drafts: readonly Draft[]): DraftBook {
  const book = new Map(drafts.map((draft) => [`${draft.type}/${draft.id ?? ''}`, draft]))
  const changes = new Map<string, Changed>()
  const current = async (reference: string): Promise<{ resource: JsonObject; draft: Draft } | undefined> => {
    const written = book.get(reference)
    if (written !== undefined)
      return { resource: parseExact(written.text ?? JSON.stringify(written.resource)), draft: written }
    const [type = '', id = ''] = reference.split('/')
    const stored = await resources.peek(type, id)
    if (stored === undefined) return undefined
    const resource = parseExact(Buffer.from(stored.bytes).toString('utf8'))
    return { resource, draft: { type, id, method: 'PUT', expected: stored.version } }
  }
  return {
    read: async (reference) => (await current(reference))?.resource,
    async change(reference, change) {
      const found = await current(reference)
      if (found === undefined) return
      const changed = change(found.resource)
      if (isSame(changed, found.resource)) return
      const was = changes.get(reference)?.was ?? found.resource
      changes.set(reference, { reference, was, is: changed })
      const text = JSON.stringify(changed)
      book.set(reference, { ...found.draft, resource: JSON.parse(text) as JsonObject, text })
    },
    drafts: () => [...book.values()],
    changed: () => [...changes.values()],
  }
}
