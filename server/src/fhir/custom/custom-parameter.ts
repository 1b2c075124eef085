import type { JsonObject } from '../../kernel/json.ts'
import { compositeParameter } from './composite-parameter.ts'
import { bounded, extractorOf, pathOf, readableTypes, unusable } from './posted-path.ts'
import { fingerprintOf, typesOf } from './posted.ts'
import type { CustomParameter, Posted, Vocabulary } from './posted.ts'
import { valueItemsAt } from './typed-path.ts'

const SIMPLE: ReadonlySet<string> = new Set([
  'token',
  'reference',
  'string',
  'date',
  'uri',
  'quantity',
  'number',
])

/** @param resource valid by its structure. @throws Fault `unprocessable` that says where and why the hub can not search by it */
export function customParameter(resource: JsonObject, vocabulary: Vocabulary): CustomParameter {
  const posted = resource as unknown as Posted
  const types = typesOf(posted, vocabulary.types)
  if (posted.type === 'composite') return compositeParameter(posted, types, vocabulary)
  if (!SIMPLE.has(posted.type))
    throw unusable('type', `This server cannot be taught a ${posted.type} parameter: its meaning is code.`)
  return simpleParameter(posted, types, vocabulary)
}

function simpleParameter(
  { id, url, code, type, target = [], expression }: Posted,
  types: readonly string[],
  { table, walkHash }: Vocabulary,
): CustomParameter {
  const node = pathOf(expression, 'expression')
  const found = types.flatMap((root) => readableTypes(node, { table, root, type, at: 'expression' }))
  const reads = [...new Set(found)]
  return {
    id,
    param: { code, type, url, reads, ...(type === 'reference' ? { target } : {}) },
    types,
    fingerprint: fingerprintOf([code, type, types, expression, walkHash]),
    collect: (root, each, keys) => {
      keys.begin(code)
      const items = bounded(code, { table, type: root, resource: each }, (of) => valueItemsAt(node, of))
      for (const item of items) extractorOf(type, item.type)?.(keys, item.value)
    },
  }
}
