import type { JsonObject } from '../../kernel/json.ts'
import type { KeyRebuilderOptions } from '../../store/key-rebuild.ts'
import type { SearchKeys } from '../../store/keys.ts'
import type { Row, StoredVersion } from '../../store/port.ts'
import type { Definitions } from '../definitions.ts'
import type { ExtractContext } from './extract-context.ts'

// Facilities are no part of the body: the sort scalars carry the list from version to version.
const FACILITY_SCALAR = '_facility'

export function facilitiesIn(row: Row | undefined): readonly string[] {
  const listed = row?.scalar(FACILITY_SCALAR) ?? ''
  return listed.split(' ').filter((each) => each !== '')
}

export function withFacilities(keys: SearchKeys, facilities: readonly string[]): SearchKeys {
  return { ...keys, s: { ...keys.s, [FACILITY_SCALAR]: facilities.join(' ') } }
}

/**
 * The search keys of stored versions by the definitions of today.
 *
 * @param base own absolute base such as `http://127.0.0.1:8080/fhir`
 */
export function keysOfRows(definitions: Definitions, base: string): KeyRebuilderOptions['keysOf'] {
  const extract = extractor(definitions, base)
  return async (row, unmade) => {
    const facilities = facilitiesIn(row)
    return withFacilities(await extract(row, { facilities, unmade }), facilities)
  }
}

/** Whether an equality key (`beneficiary=Patient/1`) finds a version, be it the current one or not. */
export function foundBy(
  definitions: Definitions,
  base: string,
): (version: StoredVersion, key: string) => Promise<boolean> {
  const extract = extractor(definitions, base)
  return async (version, key) =>
    !version.deleted && (await extract(version, { facilities: [], unmade: () => undefined })).k.includes(key)
}

function extractor(definitions: Definitions, base: string) {
  return async (
    version: StoredVersion,
    context: Pick<ExtractContext, 'facilities' | 'unmade'>,
  ): Promise<SearchKeys> => {
    const module = await definitions.load(version.type)
    if (module === undefined) throw new Error('a stored resource has a type that R4 does not know')
    const resource = JSON.parse(Buffer.from(version.bytes).toString('utf8')) as JsonObject
    return module.extract(resource, { ...context, lastUpdated: version.lastUpdated, base })
  }
}
