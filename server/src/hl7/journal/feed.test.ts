import { expect, it } from 'vitest'

import { readFeeds } from './feed.ts'

it.each([
  [
    { 'ADT^A01': { fields: { 'PID-3.1': {} } } },
    'ADT^A01.fields.PID-3.1: the key must be a field such as PID-3',
  ],
  [{ 'ADT-A01': {} }, 'ADT-A01: the key must be a type of message such as ADT^A01 or ADT'],
  [{ ADT: { fields: { 'PID-3': { length: 0 } } } }, 'ADT.fields.PID-3.length: Too small'],
])('says what is wrong in a profile: %j', (profile, problem) => {
  const file = { noAssigner: 'urn:x', profile }
  expect(() => readFeeds(new Map([['east', file]]))).toThrow(`mappings/feeds/east.yaml, profile.${problem}`)
})
