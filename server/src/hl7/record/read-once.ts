import type { Resources } from '../../fhir/resources.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { RecordStore } from '../../store/port.ts'

export interface KnownResources extends Pick<Resources, 'peek'> {
  /** @returns what others read, too: it must not be changed */
  read(type: string, id: string): Promise<JsonObject | undefined>
}

/** A message sees each resource in one version, and reads and parses it once, by however many of its numbers it is found. */
export function readOnce({ peek }: Pick<Resources, 'peek'>): KnownResources {
  const seen = new Map<string, ReturnType<typeof peek>>()
  const parsed = new Map<string, Promise<JsonObject | undefined>>()
  const once: KnownResources['peek'] = async (type, id) => {
    const found = seen.get(`${type}/${id}`) ?? peek(type, id)
    seen.set(`${type}/${id}`, found)
    return found
  }
  const parse = async (type: string, id: string): Promise<JsonObject | undefined> => {
    const stored = await once(type, id)
    return stored && (JSON.parse(Buffer.from(stored.bytes).toString('utf8')) as JsonObject)
  }
  return {
    peek: once,
    read: async (type, id) => {
      const found = parsed.get(`${type}/${id}`) ?? parse(type, id)
      parsed.set(`${type}/${id}`, found)
      return found
    },
  }
}

/** Several things of a message have one number: what else has it is looked for once. Only for as long as nothing is written. */
export function rangesOnce(records: RecordStore): RecordStore {
  const seen = new Map<string, ReturnType<RecordStore['range']>>()
  return {
    get: async (collection, id) => records.get(collection, id),
    bySecond: async (collection, second) => records.bySecond(collection, second),
    apply: async (changes) => records.apply(changes),
    range: async (range) => {
      const key = JSON.stringify(range)
      const found = seen.get(key) ?? records.range(range)
      seen.set(key, found)
      return found
    },
  }
}
