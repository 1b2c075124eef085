import { randomInt } from 'node:crypto'

import { fault } from '../../kernel/fault.ts'
import { KEY_ENCODING } from '../keys.ts'
import type { DataFile } from './databases.ts'

/** What the folder was written with. */
export interface Meta {
  /** Layout of the databases, rows and records. */
  readonly schema: number
  readonly keyEncoding: number
  readonly hashSeed: { readonly hi: number; readonly lo: number }
}

/** 2: rows may be compressed. Those of schema 1 stay readable. */
const SCHEMA = 2
const NAME = Buffer.from('store', 'utf8')

/**
 * Reads what the folder was written with; from now on it is written with today's, which an older version of the hub would not understand.
 *
 * @throws Fault `unavailable` when a newer version of the hub has written it.
 */
export function openMeta(data: DataFile): Meta {
  const stored = readMeta(data)
  if (stored?.schema === SCHEMA && stored.keyEncoding === KEY_ENCODING) return stored
  const { hashSeed = { hi: randomInt(2 ** 32) | 0, lo: randomInt(2 ** 32) | 0 } } = stored ?? {}
  const meta: Meta = { schema: SCHEMA, keyEncoding: KEY_ENCODING, hashSeed }
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
