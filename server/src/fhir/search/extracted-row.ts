import type { JsonObject } from '../../kernel/json.ts'
import type { SearchKeys } from '../../store/keys.ts'
import type { Row, StoredVersion } from '../../store/port.ts'
import type { TypeModule } from '../definitions.ts'

/** What a row says of keys that no index holds: they are made when one of them is asked for. */
export function keysWhenAsked(make: () => SearchKeys): Omit<Row, keyof StoredVersion | 'packed' | 'date'> {
  let keys: SearchKeys | undefined
  let own: ReadonlySet<string> | undefined
  const keysOf = (): SearchKeys => (keys ??= make())
  return {
    has: (key) => (own ??= new Set(keysOf().k)).has(key),
    ranges: () => keysOf().r,
    names: () => keysOf().n,
    scalar: (name) => keysOf().s?.[name],
    patients: () => keysOf().patients,
  }
}

/** A version that need not be the current one, as a row. @param base own absolute base */
export function versionRow(version: StoredVersion, module: TypeModule, base: string): Row {
  const { bytes, lastUpdated } = version
  const make = (): SearchKeys => {
    const resource = JSON.parse(Buffer.from(bytes).toString('utf8')) as JsonObject
    return module.extract(resource, { lastUpdated, facilities: [], base })
  }
  return { ...version, date: lastUpdated, ...keysWhenAsked(make) }
}
