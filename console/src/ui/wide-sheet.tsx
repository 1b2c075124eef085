import Box from '@mui/material/Box'
import type { ReactNode } from 'react'

import { moveInRows } from './rows.ts'
import { Sheet } from './sheet.tsx'

interface WideSheetProps {
  /** What the table holds, for those who cannot see it. */
  readonly label: string
  readonly children: ReactNode
}

/** A table of rows that scrolls by itself where it is wider than the page; the arrow keys move between its rows. */
export function WideSheet({ label, children }: WideSheetProps) {
  return (
    <Box sx={{ overflowX: 'auto' }} tabIndex={0} role="group" aria-label={label}>
      <Sheet onKeyDown={moveInRows}>{children}</Sheet>
    </Box>
  )
}
