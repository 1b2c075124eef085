import type { Role } from '@hub/auth/permissions.ts'
import { expect, it } from 'vitest'

import { FEATURES, homeOf } from './features.ts'

const open = (role: Role) => FEATURES.filter(({ nav, allowed }) => nav && allowed([role])).map(homeOf)

it('gives every entry of the rail an address and a key of its own', () => {
  const entries = FEATURES.flatMap((feature) =>
    feature.nav ? [{ to: homeOf(feature), key: feature.nav.key }] : [],
  )
  expect(new Set(entries.map(({ to }) => to)).size).toBe(entries.length)
  expect(new Set(entries.map(({ key }) => key)).size).toBe(entries.length)
})

it('opens pages by the permission table of the server', () => {
  expect(open('nurse')).toEqual(['/ward', '/patients', '/worklist', '/merges'])
  expect(open('administrator')).toEqual([
    '/ward',
    '/patients',
    '/feeds',
    '/destinations',
    '/messages',
    '/dead-letters',
    '/mapping',
    '/worklist',
    '/merges',
  ])
  expect(open('billing')).toEqual(['/patients'])
})
