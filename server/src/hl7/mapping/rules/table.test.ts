import { expect, it } from 'vitest'

import { indexTable, readTable } from './table.ts'

const HEAD = 'code,text,system,to,display,toSystem,origin\n'

it('reads quoted cells with commas, quotes and line ends', () => {
  expect(readTable(`${HEAD}A,"a, ""b""\nc",s,,,,own\r\n"",x,s,t,d,u,ig:T`)).toEqual([
    { code: 'A', text: 'a, "b"\nc', system: 's', to: '', display: '', toSystem: '', origin: 'own' },
    { code: '', text: 'x', system: 's', to: 't', display: 'd', toSystem: 'u', origin: 'ig:T' },
  ])
})

it('names the line that has too few cells', () => {
  expect(() => readTable(`${HEAD}A,a,s,t,d,u,own\nB,b`)).toThrow('line 3 has 2 cells')
  expect(() => readTable('code,to\nA,b')).toThrow('line 1')
})

it('refuses a code that occurs twice', () => {
  expect(() => indexTable(readTable(`${HEAD}A,a,s,t,d,u,own\nA,b,s,t,d,u,own`))).toThrow('"A" occurs twice')
})
