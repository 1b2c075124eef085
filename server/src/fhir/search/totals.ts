import { limits } from '../../kernel/limits.ts'
import { hitsOf, visitAll } from './hits.ts'
import type { Query } from './hits.ts'

/** How many resources meet the search. @throws Fault `too-costly` when more than `limits.fhir.sortCandidates` would have to be verified */
export async function totalOf(query: Query): Promise<number> {
  return (await counted(query)) ?? visitAll(query, { most: limits.fhir.sortCandidates }, () => undefined)
}

/** The same, but at `limits.fhir.sortCandidates` the counting stops. */
export async function estimateOf(query: Query): Promise<number> {
  const exact = await counted(query)
  if (exact !== undefined) return exact
  let count = 0
  for (const some of hitsOf(query, { wanted: limits.fhir.pageMost })) {
    const hits = await some
    count += hits.length
    if (count >= limits.fhir.sortCandidates) break
  }
  return count
}

/** Where one key, or none, says it all, its postings are counted and no row is read. */
async function counted({ reader, module, clauses }: Query): Promise<number | undefined> {
  const [first, second] = clauses
  if (second) return undefined
  if (!first) return reader.count(module.type, undefined, Number.MAX_SAFE_INTEGER)
  const [test, other] = first.anyOf
  if (first.negated === true || first.join || other || test?.by !== 'key') return undefined
  return reader.count(module.type, test.key, Number.MAX_SAFE_INTEGER)
}
