import { list, needed, test, type Compiler } from './compile-functions.ts'
import { collectionOf, itemScope, testOf, type Compiled, type Scope } from './compiled-expression.ts'
import type { PathNode } from './fhirpath-parser.ts'

/** Functions that make something of each item, or choose between two things. */
export const PROJECTIONS: Readonly<Record<string, Compiler>> = { aggregate, iif, repeat, select }

function select(on: Compiled, [projection]: readonly PathNode[], scope: Scope): Compiled {
  if (on.kind !== 'path') throw new Error('select() needs a path')
  const parts = on.parts.map((part) => {
    const item = itemScope(scope, part.type)
    return {
      type: '*',
      js: `${part.js}.flatMap((${item.name}, ${item.index}) => ${collectionOf(item.scope.compile(needed(projection), item.scope))})`,
    }
  })
  return { kind: 'path', parts }
}

/** The branch that is not taken is not evaluated. */
function iif(on: Compiled, [condition, yes, no]: readonly PathNode[], scope: Scope): Compiled {
  const inner = { ...scope, focus: on }
  const chosenBy = testOf(inner.compile(needed(condition), inner))
  const [first, second] = [inner.compile(needed(yes), inner), no && inner.compile(no, inner)]
  if (first.kind === 'boolean' && second?.kind !== 'path' && second?.kind !== 'value')
    return test(`(${chosenBy} ? ${first.js} : ${second?.js ?? 'undefined'})`, false)
  return list('*', `(${chosenBy} ? ${collectionOf(first)} : ${second ? collectionOf(second) : 'NONE'})`)
}

/** All that the projection gives, of what it gave as well. */
function repeat(on: Compiled, [projection]: readonly PathNode[], scope: Scope): Compiled {
  const item = itemScope(scope, '*')
  const next = collectionOf(item.scope.compile(needed(projection), item.scope))
  return list('*', `repeated(${collectionOf(on)}, (${item.name}, ${item.index}) => ${next})`)
}

function aggregate(on: Compiled, [step, start]: readonly PathNode[], scope: Scope): Compiled {
  const item = itemScope(
    scope,
    on.kind === 'path' && on.parts.length === 1 ? (on.parts[0]?.type ?? '*') : '*',
  )
  const total = `total${scope.depth}`
  const $total: Compiled = { kind: 'path', parts: [{ type: '*', js: total }] }
  const inner = { ...item.scope, variables: { ...item.scope.variables, $total } }
  const next = `(${item.name}, ${total}, ${item.index}) => ${collectionOf(inner.compile(needed(step), inner))}`
  const first = start ? `, ${collectionOf(scope.compile(start, scope))}` : ''
  return list('*', `aggregated(${collectionOf(on)}, ${next}${first})`)
}
