import { cleanup, render, screen } from '@testing-library/react'
import { afterEach, expect, it } from 'vitest'

import { Done } from './replay-dialog.tsx'

afterEach(cleanup)

const answer = { dryRun: false, resources: [], changes: [], conflicts: [] }

it('says why a message failed again', () => {
  const reason = 'The message does not say which patient it is about'
  render(<Done answer={{ ...answer, state: 'dead', reason }} />)
  expect(screen.getByRole('status').textContent).toContain(reason)
})

it('gives no reason where there is none', () => {
  render(<Done answer={{ ...answer, state: 'committed' }} />)
  expect(screen.getByRole('status').querySelector('bdi')).toBeNull()
})
