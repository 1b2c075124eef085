import { diff } from './diff/operation.ts'
import { everything } from './everything/operation.ts'
import { lastn } from './lastn/operation.ts'
import { metaAdd } from './meta-add/operation.ts'
import { metaDelete } from './meta-delete/operation.ts'
import { meta } from './meta/operation.ts'
import type { Operation } from './operation.ts'
import { reindex } from './reindex/operation.ts'
import { validate } from './validate/operation.ts'

/** Every operation of the hub, by name: the only list of them. */
export const OPERATIONS: readonly Operation[] = [
  diff,
  everything,
  lastn,
  meta,
  metaAdd,
  metaDelete,
  reindex,
  validate,
]

/** Operations of the specification, of Bulk Data and of the hub itself that are still to come. */
export const LATER: readonly string[] = [
  'apply',
  'cancel',
  'care-gaps',
  'closure',
  'collect-data',
  'conforms',
  'convert',
  'data-requirements',
  'document',
  'evaluate-measure',
  'expand',
  'export',
  'find',
  'find-matches',
  'graph',
  'graphql',
  'implements',
  'import',
  'lookup',
  'match',
  'merge',
  'populate',
  'preferred-id',
  'process-message',
  'questionnaire',
  'snapshot',
  'stats',
  'submit',
  'submit-data',
  'subset',
  'subsumes',
  'transform',
  'translate',
  'validate-code',
  'versions',
]
