import { randomInt } from 'node:crypto'

import { fault } from '../../kernel/fault.ts'
import { KEY_ENCODING } from '../keys.ts'
import type { DataFile } from './databases.ts'

/** What the folder was written with. */
export interface Meta {
  /** Layout of the databases, rows and records. */
  readonly schema: number
  readonly keyEncoding: number
  readonly definitionsHash: string
  readonly hashSeed: { readonly hi: number; readonly lo: number }
}

const SCHEMA = 1
const NAME = Buffer.from('store', 'utf8')

/**
 * Reads what the folder was written with; a new folder gets today's.
 *
 * @throws Fault `unavailable` when a newer version of the hub has written it.
 */
export function openMeta(data: DataFile, definitionsHash: string): Meta {
  const stored = readMeta(data)
  if (stored !== undefined) return stored
  const meta: Meta = {
    schema: SCHEMA,
    keyEncoding: KEY_ENCODING,
    definitionsHash,
    hashSeed: { hi: randomInt(2 ** 32) | 0, lo: randomInt(2 ** 32) | 0 },
  }
  data.env.transactionSync(() => data.meta.putSync(NAME, Buffer.from(JSON.stringify(meta), 'utf8')))
  return meta
}

function readMeta(data: DataFile): Meta | undefined {
  const bytes = data.meta.getBinary(NAME)
  if (bytes === undefined) return undefined
  const meta = JSON.parse(bytes.toString('utf8')) as Meta
  if (meta.schema > SCHEMA || meta.keyEncoding > KEY_ENCODING) {
    throw fault('unavailable', {
      code: 'not-supported',
      text: `the data folder was written by a newer version of the hub (schema ${meta.schema}, keys ${meta.keyEncoding}; this one knows ${SCHEMA} and ${KEY_ENCODING}): start that version`,
    })
  }
  return meta
}
