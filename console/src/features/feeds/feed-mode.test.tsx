import { createTheme, ThemeProvider } from '@mui/material/styles'
import { cleanup, render, screen } from '@testing-library/react'
import { afterEach, expect, it } from 'vitest'

import { FeedState } from './feed-mode.tsx'

afterEach(cleanup)

function show(problem?: string): void {
  const state = problem === undefined ? 'listening' : 'closed'
  const feed = { mode: 'running', state, ...(problem !== undefined && { problem }) } as const
  render(
    <ThemeProvider theme={createTheme()}>
      <FeedState feed={feed} />
    </ThemeProvider>,
  )
}

it('says why nobody listens, where the hub knows it', () => {
  show('listen EADDRINUSE: address already in use 127.0.0.1:2575')
  expect(screen.getByText(/EADDRINUSE/)).toBeTruthy()
})

it('says nothing where a feed listens', () => {
  show()
  expect(screen.queryByText(/EADDRINUSE/)).toBeNull()
})
