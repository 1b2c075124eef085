import Box from '@mui/material/Box'
import type { ReactNode } from 'react'

import { moveInRows } from './rows.ts'
import { Sheet } from './sheet.tsx'

interface WideSheetProps {
  /** What the table holds, for those who cannot see it. */
  readonly label: string
  readonly children: ReactNode
}

/**
 * A table of rows that scrolls by itself where it is wider than the page; what a row is about stays in sight, unless that would take half
 * of a phone. The arrow keys move between the rows.
 */
export function WideSheet({ label, children }: WideSheetProps) {
  return (
    <Box sx={wide} tabIndex={0} role="group" aria-label={label}>
      <Sheet onKeyDown={moveInRows}>{children}</Sheet>
    </Box>
  )
}

const wide = {
  overflowX: 'auto',
  '& tbody th, & table:has(tbody th) thead th:first-of-type': {
    position: { sm: 'sticky' },
    insetInlineStart: 0,
    zIndex: 1,
    bgcolor: 'background.paper',
  },
  '& tr.row:hover > th, & tr.row:focus-within > th': { bgcolor: 'action.hover' },
} as const
