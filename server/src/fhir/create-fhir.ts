import type { AuditArchive } from '../audit/create-audit-trail.ts'
import type { Clock } from '../kernel/clock.ts'
import { createTurns } from '../kernel/turns.ts'
import type { KeyRebuilder } from '../store/key-rebuild.ts'
import type { Store } from '../store/port.ts'
import { auditedAccess } from './access.ts'
import type { AccessRules } from './access.ts'
import { withEvents } from './audit-events/read-events.ts'
import { eventTrail } from './audit-events/search-events.ts'
import type { RestDeps } from './calls/rest-deps.ts'
import { createResources } from './create-resources.ts'
import type { Definitions } from './definitions.ts'
import type { Resources } from './resources.ts'
import { createMetadata } from './rest/capability.ts'
import { createPageTokens } from './search/page-token.ts'
import { createSearch } from './search/search.ts'
import type { Search } from './search/search.ts'

export interface FhirOptions {
  readonly store: Store
  readonly definitions: Definitions
  readonly rules: AccessRules
  readonly audit: AuditArchive
  readonly clock: Clock
  /** Carries out `$reindex`. */
  readonly keys: KeyRebuilder
  /** Own absolute base such as `http://127.0.0.1:8080/fhir`. */
  readonly base: string
  /** Signs page links; the same in all processes of a hub. At least 16 bytes. */
  readonly pageSecret: Uint8Array
  /** Identifier systems whose every value names one resource, beside the types of v2-0203 that do. */
  readonly identifyingSystems?: readonly string[]
  /** What happens to a REST create whose identifying identifier is taken: `refuse` (409) or `merge` absent elements into its holder. */
  readonly takenIdentifier?: 'refuse' | 'merge'
  /** `HUB_REFERENCES`: `enforce` refuses references to resources that are not here; their syntax and types are checked always. */
  readonly references?: 'check-type' | 'enforce'
  /** Called after a commit that changed a SearchParameter, before it is answered. */
  readonly onSearchParameters?: () => Promise<void>
  /** Whether pages of other origins may call. */
  readonly cors?: boolean
  /** `HUB_SEARCH_UNKNOWN`. */
  readonly searchUnknown?: 'refuse' | 'warn'
}

export interface Fhir {
  readonly resources: Resources
  readonly search: Search
  /** For the plugin `fhirRest`. */
  readonly rest: RestDeps
}

/** The FHIR server over a store: one write path, one search, and what the REST plugin needs. */
export function createFhir(options: FhirOptions): Fhir {
  const { store, definitions, rules, audit, clock, keys, base } = options
  const access = auditedAccess(rules, audit, clock)
  const tokens = createPageTokens(options.pageSecret)
  const turns = createTurns()
  const events = { access, definitions, source: audit }
  const resources = withEvents(
    noticing(createResources({ ...options, turns }), options.onSearchParameters),
    events,
  )
  const found = { reader: store.resources, definitions, access, clock, base }
  const search = createSearch({ ...found, trail: eventTrail(audit, definitions) }, tokens)
  const { takenIdentifier = 'refuse', searchUnknown = 'refuse', cors = false } = options
  return {
    resources,
    search,
    rest: {
      resources,
      turns,
      search,
      reader: store.resources,
      records: store.records,
      access,
      definitions,
      log: store.log,
      tokens,
      clock,
      keys,
      base,
      takenIdentifier,
      searchUnknown,
      metadata: createMetadata({ definitions, base, clock }, cors),
    },
  }
}

/** A SearchParameter is known to the very next search. */
function noticing(resources: Resources, onSearchParameters: FhirOptions['onSearchParameters']): Resources {
  if (!onSearchParameters) return resources
  return {
    ...resources,
    transact: (caller, transaction) => {
      const result = resources.transact(caller, transaction)
      if (!transaction.drafts.some(({ type }) => type === 'SearchParameter')) return result
      return result.then(async (done) => {
        await onSearchParameters()
        return done
      })
    },
  }
}
