import { Feeds } from '@hub/hl7/feeds.contract.ts'
import { expect, it } from 'vitest'

import { troublesOf } from './interop-alert.data.ts'

const feed = (name: string, more: object) => ({
  name,
  ackAt: 'stored',
  onFailure: 'park',
  isTls: false,
  mode: 'running',
  state: 'closed',
  messages: {
    received: 0,
    mapped: 0,
    committed: 0,
    duplicate: 0,
    rejected: 0,
    parked: 0,
    dead: 0,
    discarded: 0,
  },
  wire: {},
  perMinute: 0,
  perHour: 0,
  errorsPerHour: 0,
  waiting: { count: 0, isMore: false },
  ...more,
})

it('names the feeds that should run and do not, with the reason', () => {
  const feeds = Feeds.parse({
    feeds: [
      feed('lab10', { problem: 'Another program has the port.' }),
      feed('lab2', {}),
      feed('listens', { state: 'listening' }),
      feed('was stopped', { mode: 'stopped' }),
      feed('reads files', { folder: '/in' }),
      feed('files that cannot be read', { folder: '/gone', problem: 'There is no such folder.' }),
    ],
  })
  expect(troublesOf(feeds).map(({ feed: name, problem }) => [name, problem])).toEqual([
    ['files that cannot be read', 'There is no such folder.'],
    ['lab2', undefined],
    ['lab10', 'Another program has the port.'],
  ])
})
