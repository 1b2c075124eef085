import { expect, it } from 'vitest'

import { plainMember } from './plain-member.hot.ts'

const NAME = Buffer.from('"resource"')
const found = (text: string): string | undefined => plainMember(Buffer.from(text), NAME)

it('gives a member without its layout, every digit and character as it stands', () => {
  const plain = {
    '{"resource":{"a":1.00,"b":[1E2, {} ,[ ]]}}': '{"a":1.00,"b":[1E2,{},[]]}',
    '{\r\n\t"x" : "resource",\n "resource" :  { "resource" : { "x" : "a : b, \\" } \\\\" } , "é" : "\u{1f600} " } , "z":1 }':
      '{"resource":{"x":"a : b, \\" } \\\\"},"é":"\u{1f600} "}',
    '{"request":{"resource":{"no":1}},"resource":[ true , null , "" ]}': '[true,null,""]',
    '{"x":"\\"resource\\":{","resource":{"y":" "}}': '{"y":" "}',
  }
  for (const [text, expected] of Object.entries(plain)) {
    expect(found(text)).toBe(expected)
    expect(JSON.parse(expected)).toEqual((JSON.parse(text) as { resource: unknown }).resource)
  }
})

it('leaves to others what is not there, is no container, or has escapes in its name', () => {
  for (const text of ['{}', '{"a":{"resource":{}}}', '{"resource":"x"}', '{"resource": 1 }'])
    expect(found(text)).toBeUndefined()
  expect(found('{"\\u0072esource":{}}')).toBeUndefined()
})
