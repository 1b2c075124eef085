import { expect, it } from 'vitest'

import { parseMessage } from '../../message/parse-message.ts'
import { Fields, type Scope } from '../model/node.ts'
import { compileCondition } from './expression.ts'

const { segments } = parseMessage('MSH|^~\\&|A\rPID|1||a^^^H&1.2&ISO~b||Okoye^Ada|""|12.5|0| \rPV1|1|I')
const segment = segments.find(({ name }) => name === 'PID')

function holds(text: string): boolean {
  if (segment === undefined) throw new Error('the message has no such segment')
  const scope: Scope = {
    fields: new Fields(segments),
    variables: { status: 'planned' },
    here: { name: 'message', segments: [...segments], inner: [] },
    segment,
    node: undefined,
  }
  return compileCondition(text).holds(scope)
}

it.each([
  "PID-3.1 in ('x', 'a')",
  "PID-3[2] = 'b'",
  "PID-3.4.2 = '1.2'",
  'PID-3.count() = 2',
  "PV1-2 = 'I'",
  "PID-5.1 = 'Okoye' and PID-5.2 = 'Ada'",
  "PID-5.1 = 'x' or PID-5.2 = 'Ada' and PV1-2 = 'I'",
  'PID-40.empty()',
  'PID-6.empty()',
  'PID-40 | PID-5.exists()',
  'PID-7.convertsToDecimal() and PID-7 > 12 and PID-7 <= 12.5 and PID-8 < 1',
  'PID-5.1.convertsToDecimal().not()',
  "PID-5.1.startsWith('Oko') and PID-5.1.contains('ye')",
  'PID-5.1.length() = 5',
  'PID-5.1.trim().exists() and PID-9.exists() and PID-9.trim().empty()',
  "%status = 'planned' and %other.empty()",
  "(PID-40 = 'P').not()",
  'PV1-2',
])('%s holds', (text) => {
  expect(holds(text)).toBe(true)
})

it.each([
  "PID-40 = 'P'",
  "PID-40 != 'P'",
  'PID-40 > 1',
  "PID-5.1 != 'Okoye'",
  "(PID-5.1 = 'x' or PID-5.2 = 'Ada') and PV1-2 = 'O'",
  'PID-6.exists()',
  'PID-5.1.convertsToDecimal()',
  'PID-7.convertsToLimit()',
  'ZZZ-1.exists()',
])('%s does not hold', (text) => {
  expect(holds(text)).toBe(false)
})

it.each([
  '',
  'PID-5 =',
  "PID-5 = 'a",
  'PID-5 like 3',
  'PID-5.drop()',
  '(PID-5',
  'PID-5 and',
  'PID-5 PID-6',
  'PID',
  '; PID-5',
])('refuses %j', (text) => {
  expect(() => compileCondition(text)).toThrow(SyntaxError)
})
