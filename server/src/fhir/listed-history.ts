import { fault } from '../kernel/fault.ts'
import { limits } from '../kernel/limits.ts'
import type { HistoryRequest, ResourceReader, StoredVersion } from '../store/port.ts'
import type { History } from './resources.ts'
import type { ListMember } from './search/lists.ts'
import type { Visible } from './visible-history.ts'

/**
 * The history of what a List names: all versions of a resource, or the one that the List asks for.
 *
 * @param among `visible` for a caller who sees some resources only
 * @throws Fault `too-costly` when they have more than `limits.fhir.historyCounted` versions
 * @see FHIR R4, "RESTful API", history
 */
export async function listedHistory(
  { store }: { readonly store: { readonly resources: ResourceReader } },
  { limit, after, ...request }: HistoryRequest,
  { members, visible }: { readonly members: readonly ListMember[]; readonly visible?: Visible },
): Promise<History> {
  const found: StoredVersion[] = []
  for (const same of asked(members, request).values()) {
    for await (const versions of versionsOf(store.resources, request, same)) found.push(...versions)
    if (found.length > limits.fhir.historyCounted) throw tooMany()
  }
  const isMine = await visible?.(found)
  const all = found.filter((_, index) => isMine?.[index] !== false).toSorted(newestFirst)
  const rest = all.filter((version) => after === undefined || placeOf(version) < after)
  const versions = rest.slice(0, limit)
  const last = rest.length > limit ? versions.at(-1) : undefined
  return { versions, total: all.length, ...(last ? { next: placeOf(last) } : {}) }
}

/** The members that the address is about, by resource. */
function asked(
  members: readonly ListMember[],
  request: Pick<HistoryRequest, 'type' | 'id'>,
): ReadonlyMap<string, readonly ListMember[]> {
  const { type, id } = request
  const wanted = members.filter(
    (member) => (type === undefined || member.type === type) && (id === undefined || member.id === id),
  )
  return Map.groupBy(wanted, (member) => `${member.type}/${member.id}`)
}

async function* versionsOf(
  reader: ResourceReader,
  request: Pick<HistoryRequest, 'since' | 'at'>,
  same: readonly ListMember[],
): AsyncGenerator<readonly StoredVersion[]> {
  const [{ type, id } = { type: '', id: '' }] = same
  const isAny = same.some(({ version }) => version === undefined)
  const wanted = new Set(same.map(({ version }) => version))
  let after: string | undefined
  do {
    const from = after === undefined ? {} : { after }
    const page = await reader.history({ ...request, type, id, limit: limits.fhir.pageMost, ...from })
    yield page.versions.filter(({ version }) => isAny || wanted.has(String(version)))
    after = page.next
  } while (after !== undefined)
}

function newestFirst(a: StoredVersion, b: StoredVersion): number {
  return placeOf(a) < placeOf(b) ? 1 : -1
}

/** One commit writes a resource once at most. Ordered as text. */
function placeOf({ commit, type, id }: StoredVersion): string {
  return `${String(commit).padStart(16, '0')} ${type}/${id}`
}

function tooMany(): Error {
  const text = `The resources of the list have more than ${String(limits.fhir.historyCounted)} versions: use _since, or a shorter list`
  return fault('too-costly', { code: 'too-costly', text })
}
