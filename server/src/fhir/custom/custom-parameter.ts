import { createHash } from 'node:crypto'

import type { JsonObject } from '../../kernel/json.ts'
import type { SearchParam, SearchParamType } from '../definitions.ts'
import type { ElementTable } from '../elements.ts'
import { parseFhirPath, type PathNode } from '../generate/fhirpath-parser.ts'
import type { KeyCollector } from '../keys/collector.ts'
import { DATE, NUMBER, PRESENT, REFERENCE, TEXT, TOKEN, URI } from '../keys/extract.ts'
import type { Extractor } from '../keys/extract.ts'
import { EXTRACTOR_NAMES } from '../keys/extractor-names.ts'
import { typesAt } from './path-types.ts'
import { itemsAt } from './typed-path.ts'

/** A SearchParameter that was posted as a resource, ready to find values. */
export interface CustomParameter {
  /** Id of the resource. */
  readonly id: string
  readonly param: SearchParam
  readonly types: readonly string[]
  /** Changes with everything that its keys depend on. */
  readonly fingerprint: string
  /** Adds what it finds in a resource of one of the types. */
  collect(type: string, resource: JsonObject, keys: KeyCollector): void
}

const TABLES: Readonly<Record<string, Readonly<Record<string, Extractor>>>> = {
  DATE,
  NUMBER,
  REFERENCE,
  TEXT,
  TOKEN,
  URI,
}
const EXPRESSION_MOST = 2000
const SIMPLE: ReadonlySet<string> = new Set([
  'token',
  'reference',
  'string',
  'date',
  'uri',
  'quantity',
  'number',
])

interface Source {
  readonly id: string
  readonly url: string
  readonly code: string
  readonly type: SearchParamType
  readonly base: readonly string[]
  readonly expression?: string
  readonly target?: readonly string[]
}

/** @throws Error that says why the hub can not search by it */
export function customParameter(
  resource: JsonObject,
  { table, types }: { table: ElementTable; types: readonly string[] },
): CustomParameter {
  const source = resource as unknown as Source
  const { id, url, code, type, target, base, expression = '' } = source
  if (!SIMPLE.has(type)) throw new Error(`a ${type} parameter can not be added`)
  if (expression === '' || expression.length > EXPRESSION_MOST)
    throw new Error(`it needs an expression of at most ${String(EXPRESSION_MOST)} characters`)
  const node = parseFhirPath(expression)
  const isAny = base.some((each) => each === 'Resource' || each === 'DomainResource')
  const own = isAny ? types : base
  for (const each of own) check(node, { table, root: each, type })
  return {
    id,
    param: { code, type, url, ...(type === 'reference' ? { target: target ?? [] } : {}) },
    types: own,
    fingerprint: createHash('sha256')
      .update(JSON.stringify([code, type, own, expression]))
      .digest('hex'),
    collect: (root, each, keys) => {
      keys.begin(code)
      for (const item of itemsAt(node, { table, type: root, resource: each }))
        extractorOf(type, item.type)?.(keys, item.value)
    },
  }
}

function check(
  node: PathNode,
  { table, root, type }: { table: ElementTable; root: string; type: string },
): void {
  const found = typesAt(node, table, root)
  if (found.length === 0) throw new Error(`its expression finds nothing in ${root}`)
  for (const each of found)
    if (!extractorOf(type, each)) throw new Error(`a ${type} parameter can not read ${each}`)
}

function extractorOf(paramType: string, dataType: string): Extractor | undefined {
  const plain = dataType.startsWith('System.') ? 'string' : dataType
  const name = EXTRACTOR_NAMES[paramType]?.[plain]
  if (name === undefined) return undefined
  const [table = '', extractor = ''] = name.split('.')
  return name === 'PRESENT' ? PRESENT : TABLES[table]?.[extractor]
}
