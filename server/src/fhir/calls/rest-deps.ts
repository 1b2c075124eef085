import type { Clock } from '../../kernel/clock.ts'
import type { Turns } from '../../kernel/turns.ts'
import type { KeyRebuilder } from '../../store/key-rebuild.ts'
import type { CommitLog, RecordStore, ResourceReader } from '../../store/port.ts'
import type { Access } from '../access.ts'
import type { Definitions } from '../definitions.ts'
import type { Resources } from '../resources.ts'
import type { PageTokens } from '../search/page-token.ts'
import type { Search } from '../search/search.ts'
import type { Answer, Call } from './call.ts'

/** What the interactions work with. */
export interface RestDeps {
  readonly resources: Resources
  /** Of calls that read, decide and write: those of the writes themselves. */
  readonly turns: Turns
  readonly search: Search
  /** For operations that walk the store; what they may give out is told by `access`. */
  readonly reader: ResourceReader
  /** Content of Binaries that is kept beside them. */
  readonly records: RecordStore
  readonly access: Access
  readonly definitions: Definitions
  readonly log: CommitLog
  readonly tokens: PageTokens
  readonly clock: Clock
  /** Search keys that are made again in the background. */
  readonly keys: KeyRebuilder
  /** Own absolute base such as `http://127.0.0.1:8080/fhir`. */
  readonly base: string
  /** What happens to a create whose identifying identifier belongs to another resource already. */
  readonly takenIdentifier: 'refuse' | 'merge'
  /** What happens to an unknown search parameter when the caller has no preference. */
  readonly searchUnknown: 'refuse' | 'warn'
  /** The CapabilityStatement, or that it is not modified. */
  readonly metadata: (call: Pick<Call, 'query' | 'conditions'>) => Answer
}
