import { describe, expect, it } from 'vitest'

import { Fault } from '../../kernel/fault.ts'
import type { Issue } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import { indent, withoutBlanks } from './layout.ts'
import { elementsOf, membersOf, memberText, withMembers } from './members.ts'
import { parseInTurns, parseObject } from './parse.ts'
import { writeJson } from './write.ts'

describe('parsing a body', () => {
  it('gives the object', () => {
    expect(parseObject('{"resourceType":"Patient","name":[{"family":"A\\"}"}]}')).toEqual({
      resourceType: 'Patient',
      name: [{ family: 'A"}' }],
    })
  })

  it.each([
    ['', 'empty'],
    ['[]', 'one JSON object'],
    ['"text"', 'one JSON object'],
    ['null', 'one JSON object'],
    ['{"a":1', 'not JSON'],
    ['{"a":1,"b":{"c":1,"c":2}}', '"c" occurs twice'],
    ['{"a":1,"\\u0061":2}', '"a" occurs twice'],
    ['{"a":{"__proto__":{"x":1}}}', '__proto__'],
    ['{"a":{"\\u005f_proto__":1}}', '__proto__'],
    ['{"a":'.repeat(limits.fhir.nesting) + '{}' + '}'.repeat(limits.fhir.nesting), 'nested deeper'],
    ['{"a":' + '['.repeat(10_000) + ']'.repeat(10_000) + '}', 'nested deeper'],
  ])('refuses %.40s', (text, reason) => {
    expect(() => parseObject(text)).toThrow(reason)
    expect(() => parseObject(text)).toThrow(Fault)
  })

  it.each([
    ['{"a":1,\n  "b":2,\n "b":3}', 3, 2],
    ['{"a":1,\n  "__proto__":2}', 2, 3],
    ['{"a":1,\n  "b":2,,}', 2, 9],
    ['{"a":1,\n  "b":2', 2, 8],
  ])('says where the flaw of %j is', (text, line, column) => {
    expect(flawOf(text)).toMatchObject({ line, column })
    expect(flawOf(text)?.text).toContain(`line ${String(line)}`)
  })

  it('finds a duplicate among very many names', () => {
    const names = Array.from({ length: 1000 }, (_, index) => `"n${String(index)}":1`)
    expect(() => parseObject(`{${names.join(',')},"n7":2}`)).toThrow('"n7" occurs twice')
  })

  it('never quotes the body, which may be clinical', () => {
    expect(() => parseObject('{"family":"Chalmers",}')).toThrow(/^(?!.*Chalmers)/)
  })

  it('allows the same name in neighbouring objects and names as values', () => {
    expect(parseObject('{"a":[{"x":"x"},{"x":"x"}],"x":"a"}')).toEqual({
      a: [{ x: 'x' }, { x: 'x' }],
      x: 'a',
    })
  })
})

function flawOf(text: string): Issue | undefined {
  try {
    parseObject(text)
  } catch (error) {
    if (error instanceof Fault) return error.issues[0]
  }
  return undefined
}

const EXACT = '{ "b" : 1.00, "a": [0.010, 1E2, 1234567890123456789012345678901234567890] ,"c":{"d":"}"} }'

describe('exact text', () => {
  it('finds the members where they stand', () => {
    expect(membersOf(EXACT).map(({ name, valueStart, end }) => [name, EXACT.slice(valueStart, end)])).toEqual(
      [
        ['b', '1.00'],
        ['a', '[0.010, 1E2, 1234567890123456789012345678901234567890]'],
        ['c', '{"d":"}"}'],
      ],
    )
    expect(memberText(EXACT, 'c')).toBe('{"d":"}"}')
    expect(elementsOf(memberText(EXACT, 'a') ?? '')).toEqual([
      '0.010',
      '1E2',
      '1234567890123456789012345678901234567890',
    ])
    expect([membersOf(' { } '), elementsOf('[ ]')]).toEqual([[], []])
  })

  it('sets members and keeps the digits and the order of the others', () => {
    expect(withMembers(EXACT, { id: '"1"', c: undefined })).toBe(
      '{"id":"1","b" : 1.00,"a": [0.010, 1E2, 1234567890123456789012345678901234567890]}',
    )
  })

  it('takes the layout away and nothing else', () => {
    const value = {
      resourceType: 'Patient',
      text: { div: '<div>a, b: c {d }\n"x": "y", \\" \t</div>' },
      list: [1, 2, [], {}, [{ a: null }], true, ' ', '\\', ''],
    }
    const plain = JSON.stringify(value)
    for (const blanks of [1, 2, '\t', '\r\n ']) {
      const laidOut = JSON.stringify(value, undefined, blanks === '\r\n ' ? 1 : blanks)
      expect(withoutBlanks(blanks === '\r\n ' ? laidOut.replaceAll('\n', blanks) : laidOut)).toBe(plain)
    }
    expect(withoutBlanks(plain)).toBe(plain)
    expect(withoutBlanks('{"a": 1.00, "b" :[ 1E2 ,0.010 ] }')).toBe('{"a":1.00,"b":[1E2,0.010]}')
    expect(withoutBlanks('{"a":[1, 2]}')).toBe('{"a":[1, 2]}')
  })

  it('writes literals by path', () => {
    const value = { value: 1, component: [{ value: 0.01 }, { value: 3 }], note: ['x', null], gone: undefined }
    const literals = new Map([
      ['value', '1.00'],
      ['component[0].value', '0.010'],
    ])
    expect(writeJson(value, literals)).toBe(
      '{"value":1.00,"component":[{"value":0.010},{"value":3}],"note":["x",null]}',
    )
    expect(writeJson(value)).toBe(JSON.stringify(value))
  })

  it('indents without touching strings and digits', () => {
    expect(indent('{"a":[1.00,{"b":"x, {y}: z"}],"c":{ },"d":[]}')).toBe(
      '{\n  "a": [\n    1.00,\n    {\n      "b": "x, {y}: z"\n    }\n  ],\n  "c": {},\n  "d": []\n}',
    )
  })
})

it('leaves what stands behind the last known one alone', () => {
  const text = '{"id":"a","b":[1],"meta":{"tag":[]},"c":"}","d":{"id":1}}'
  const set = { resourceType: '"Patient"', id: '"1"', meta: '{}' }
  const whole = '{"resourceType":"Patient","id":"1","meta":{},"b":[1],"c":"}","d":{"id":1}}'
  expect(withMembers(text, set, 2)).toBe(whole)
  expect(withMembers(text, set)).toBe(whole)
  expect(withMembers('{"b":1}', { id: '"1"' }, 0)).toBe('{"id":"1","b":1}')
  expect(withMembers('{"b":1,"id":2}', { id: undefined }, 1)).toBe('{"b":1}')
  expect(withMembers('{"id":2,"b":1}', { id: undefined }, 1)).toBe('{"b":1}')
})

describe('parsing a long body', () => {
  it('lets others run for each part of it that is looked through', async () => {
    const text = long('}')
    let turns = 0
    let isOver = false
    const turn = () => {
      turns += 1
      if (!isOver) setImmediate(turn)
    }
    setImmediate(turn)
    expect(await parseInTurns(text)).toEqual(JSON.parse(text))
    isOver = true
    expect(turns).toBeGreaterThan(text.length / limits.fhir.turnChars)
  })

  it.each([
    [',"item":1}', '"item" occurs twice'],
    [',"a":{"__proto__":1}}', '__proto__'],
    ['', 'not JSON'],
  ])('finds at its end what is wrong with the whole: %s', async (end, reason) => {
    await expect(async () => parseInTurns(long(end))).rejects.toThrow(reason)
  })
})

/** Longer than three parts. @param end what follows the last member */
function long(end: string): string {
  const items = Array.from(
    { length: 40_000 },
    (_, i) => `{"linkId":"${String(i)}","text":"${'x'.repeat(100)}"}`,
  )
  return `{"resourceType":"QuestionnaireResponse","item":[${items.join(',')}],"note":"${'y'.repeat(2_000_000)}"${end}`
}
