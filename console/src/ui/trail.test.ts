import { expect, it } from 'vitest'

import { walkedTo } from './trail.ts'

const list = { key: 'a', to: '/messages?state=dead', text: 'Messages' }
const message = { key: 'b', to: '/messages/1', text: 'ADT^A01' }
const start = { here: undefined, from: {} }

it('knows the page that one came from, with its filter', () => {
  const walk = walkedTo(walkedTo(start, list), message)
  expect(walk.from['b']).toEqual({ to: list.to, text: list.text })
})

it('keeps the origin when only a tab of the page changes', () => {
  const tab = { ...message, key: 'c', to: '/messages/1?tab=text' }
  const walk = walkedTo(walkedTo(walkedTo(start, list), message), tab)
  expect(walk.from['c']).toEqual({ to: list.to, text: list.text })
})

it('keeps the origin of an entry that one comes back to', () => {
  const chart = { key: 'd', to: '/patients/1', text: 'ELTAYEB, Amna' }
  const forth = [list, message, chart, message].reduce(walkedTo, start)
  expect(forth.from['b']).toEqual({ to: list.to, text: list.text })
})

it('passes over a page that only leads on, which knows its own origin all the same', () => {
  const source = { key: 's', to: '/source/1', text: 'Source', isPassing: true }
  const walk = [list, source, message].reduce(walkedTo, start)
  expect(walk.from['s']).toEqual({ to: list.to, text: list.text })
  expect(walk.from['b']).toEqual({ to: list.to, text: list.text })
})

it('begins anew where an address was typed in', () => {
  const typed = { ...message, key: 'default' }
  expect([list, typed].reduce(walkedTo, start).from).toEqual({})
})
