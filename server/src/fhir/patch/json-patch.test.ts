import { expect, it } from 'vitest'

import { textOf, treeOf } from '../json/tree.ts'
import { applyJsonPatch, readJsonPatch } from './json-patch.ts'

function patched(document: string, patch: unknown): string {
  const text = typeof patch === 'string' ? patch : JSON.stringify(patch)
  return textOf(applyJsonPatch(treeOf(document), readJsonPatch(text)))
}

// RFC 6902, sections 4 and Appendix A; RFC 6901 for the escapes.
it.each<[string, string, unknown, string]>([
  ['adds a member', '{"a":1}', [{ op: 'add', path: '/b', value: 2 }], '{"a":1,"b":2}'],
  ['adds before an item', '["a","b"]', [{ op: 'add', path: '/1', value: 'x' }], '["a","x","b"]'],
  ['adds behind the last item', '["a"]', [{ op: 'add', path: '/-', value: ['b'] }], '["a",["b"]]'],
  ['adds at the end by index', '["a"]', [{ op: 'add', path: '/1', value: 'b' }], '["a","b"]'],
  ['replaces a member that an add meets', '{"a":1}', [{ op: 'add', path: '/a', value: null }], '{"a":null}'],
  ['removes a member', '{"a":1,"b":2}', [{ op: 'remove', path: '/a' }], '{"b":2}'],
  ['removes an item', '[1,2,3]', [{ op: 'remove', path: '/1' }], '[1,3]'],
  ['replaces the whole', '{"a":1}', [{ op: 'replace', path: '', value: { b: 2 } }], '{"b":2}'],
  ['moves an item', '["a","b","c","d"]', [{ op: 'move', from: '/1', path: '/3' }], '["a","c","d","b"]'],
  [
    'moves between objects',
    '{"a":{"x":1},"b":{}}',
    [{ op: 'move', from: '/a/x', path: '/b/y' }],
    '{"a":{},"b":{"y":1}}',
  ],
  ['moves to the same place', '{"a":1}', [{ op: 'move', from: '/a', path: '/a' }], '{"a":1}'],
  [
    'copies',
    '{"a":[1]}',
    [
      { op: 'copy', from: '/a', path: '/b' },
      { op: 'add', path: '/b/-', value: 2 },
    ],
    '{"a":[1],"b":[1,2]}',
  ],
  [
    'reads ~0 and ~1',
    '{"/":1,"~1":2}',
    [
      { op: 'remove', path: '/~01' },
      { op: 'test', path: '/~1', value: 1 },
    ],
    '{"/":1}',
  ],
  ['tests numbers by value', '{"a":1.00}', '[{"op":"test","path":"/a","value":1}]', '{"a":1.00}'],
  [
    'tests objects in any order',
    '{"a":{"x":1,"y":2}}',
    [{ op: 'test', path: '/a', value: { y: 2, x: 1 } }],
    '{"a":{"x":1,"y":2}}',
  ],
  ['ignores what it does not know', '{}', [{ op: 'add', path: '/a', value: 1, more: true }], '{"a":1}'],
  ['keeps every digit', '{"a":0.10}', '[{"op":"add","path":"/b","value":1.2300}]', '{"a":0.10,"b":1.2300}'],
])('%s', (...[, document, patch, expected]) => {
  expect(patched(document, patch)).toBe(expected)
})

it.each<[string, string, unknown]>([
  ['adds to nothing', '{"a":1}', [{ op: 'add', path: '/b/c', value: 1 }]],
  ['adds beyond the end', '["a"]', [{ op: 'add', path: '/2', value: 'b' }]],
  ['has an index with a leading zero', '["a","b"]', [{ op: 'remove', path: '/01' }]],
  ['removes what is not there', '{"a":1}', [{ op: 'remove', path: '/b' }]],
  ['replaces behind the end', '["a"]', [{ op: 'replace', path: '/-', value: 'b' }]],
  ['tests another value', '{"a":"x"}', [{ op: 'test', path: '/a', value: 'y' }]],
  ['takes a number for a text', '{"a":"1"}', [{ op: 'test', path: '/a', value: 1 }]],
  ['moves into itself', '{"a":{"b":1}}', [{ op: 'move', from: '/a', path: '/a/c' }]],
  ['names a prototype', '{}', [{ op: 'add', path: '/__proto__/x', value: 1 }]],
  ['has a path without its slash', '{"a":1}', [{ op: 'remove', path: 'a' }]],
  ['has a broken escape', '{"a":1}', [{ op: 'remove', path: '/~2' }]],
  ['has no value', '{}', [{ op: 'add', path: '/a' }]],
  ['has no from', '{"a":1}', [{ op: 'copy', path: '/b' }]],
])('refuses a patch that %s', (_what, document, patch) => {
  expect(() => patched(document, patch)).toThrow(expect.objectContaining({ name: 'Fault' }))
})

const copies = (count: number): readonly object[] =>
  Array.from({ length: count }, () => ({ op: 'copy', from: '/a', path: '/a/-' }))

it('copies no more than a resource may have', () => {
  expect(patched('{"a":["x"]}', copies(3))).toBe('{"a":["x",["x"],["x",["x"]],["x",["x"],["x",["x"]]]]}')
  expect(() => patched('{"a":["x"]}', copies(60))).toThrow(expect.objectContaining({ kind: 'too-costly' }))
  // What was taken out again was copied all the same.
  const large = JSON.stringify({ a: 'x'.repeat(1024 * 1024) })
  const rounds = Array.from({ length: 9 }, () => [
    { op: 'copy', from: '/a', path: '/b' },
    { op: 'remove', path: '/b' },
  ]).flat()
  expect(patched(large, rounds.slice(6))).toBe(large)
  expect(() => patched(large, rounds)).toThrow(expect.objectContaining({ kind: 'too-costly' }))
})

it('nests no deeper than what is read', () => {
  const deep = Array.from({ length: 12 }, (_, n) => ({
    op: 'copy',
    from: '',
    path: '/a'.repeat(2 ** n),
  }))
  const moves = Array.from({ length: 900 }, (_, n) => [
    { op: 'add', path: `/x${String(n)}`, value: {} },
    ...(n === 0 ? [] : [{ op: 'move', from: `/x${String(n - 1)}`, path: `/x${String(n)}/y` }]),
  ]).flat()
  for (const patch of [deep, moves.slice(0, 1000), moves.slice(0, 140)])
    expect(() => patched('{}', patch)).toThrow(expect.objectContaining({ kind: 'unprocessable' }))
  expect(patched('{}', moves.slice(0, 5))).toBe('{"x2":{"y":{"y":{}}}}')
})
