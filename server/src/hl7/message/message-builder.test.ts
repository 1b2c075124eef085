import { expect, it } from 'vitest'

import { MessageBuilder } from './message-builder.ts'
import { parseMessage } from './parse-message.ts'

it('writes what the parser reads, whatever is in the texts', () => {
  const builder = new MessageBuilder()
  builder.add('MSH')
  builder.set('MSH-9.1', 'OML').set('MSH-9.2', 'O21').set('MSH-10', 'M|1')
  builder.add('PID')
  builder.set('PID-3', '4711').set('PID-3[2].4.2', '1.2&3').set('PID-5.1', 'A^B~C\\D')
  builder.add('OBX')
  expect(builder.add('OBX')).toBe(2)
  builder.set('OBX[2]-5', 'first\nsecond').setRaw('OBX[2]-8', '""')
  const message = parseMessage(builder.toString())
  expect(builder.toString().split('\r')[0]).toBe('MSH|^~\\&|||||||OML^O21|M\\F\\1')
  expect(message.get('PID-3')).toBe('4711')
  expect(message.get('PID-3[2].4.2')).toBe('1.2&3')
  expect(message.get('PID-5')).toBe('A^B~C\\D')
  expect(message.get('OBX[2]-5')).toBe('first\nsecond')
  expect(message.segment('OBX')?.rawField(5)).toBe('')
  expect(message.segments.at(-1)?.field(8)[0]?.isNull).toBe(true)
})

it('keeps everything that it does not touch', () => {
  const text = 'MSH|^~\\&#|A||\rPID|1||7^^^X&1&ISO^MR~~8|""|\\F\\||\rZZZ|a^^|\r'
  expect(MessageBuilder.from(parseMessage(text)).toString()).toBe(text)
  const changed = MessageBuilder.from(parseMessage(text)).set('PID-3[3]', '9').toString()
  expect(changed).toBe(text.replace('~8|', '~9|'))
})

it('writes with the delimiters of the message', () => {
  const text = 'MSH*:~@!*A\rPID*1\r'
  const changed = MessageBuilder.from(parseMessage(text)).set('PID-5.2', 'a*b:c!d@e').toString()
  expect(changed).toBe('MSH*:~@!*A\rPID*1****:a@F@b@S@c@T@d@E@e\r')
  expect(parseMessage(changed).get('PID-5.2')).toBe('a*b:c!d@e')
})

it.each(['PID', 'PID-x', 'OBX-1'])('refuses the path %s', (path) => {
  const builder = new MessageBuilder()
  builder.add('PID')
  expect(() => builder.set(path, 'x')).toThrow(path)
})
