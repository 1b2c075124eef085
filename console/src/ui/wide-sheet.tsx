import Box from '@mui/material/Box'
import type { ReactNode } from 'react'

import { Heads, headText } from './heads.tsx'
import type { Head } from './heads.tsx'
import { moveInRows } from './rows.ts'
import { Sheet } from './sheet.tsx'

interface WideSheetProps {
  /** What the table holds, for those who cannot see it. */
  readonly label: string
  /** Absent for a grid whose columns are data: it is scrolled on a phone, too. */
  readonly heads?: readonly (Head | false)[]
  readonly children: ReactNode
}

/**
 * A table of rows that scrolls by itself where it is wider than the page; what a row is about stays in sight. Where there is no room for
 * its columns each row stands as a list of its cells with the heads beside them, so that nothing has to be scrolled sideways. The arrow keys move between the rows.
 */
export function WideSheet({ label, heads, children }: WideSheetProps) {
  const shown = heads?.filter((head) => head !== false)
  return (
    <Box sx={[wide, shown ? stackedWhereNarrow(shown) : {}]} tabIndex={0} role="group" aria-label={label}>
      <Sheet onKeyDown={moveInRows}>
        {shown ? <Heads of={shown} /> : undefined}
        {children}
      </Sheet>
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

/** What a column of texts and one of figures take, about. */
const [TEXT, FIGURES] = [120, 72]

/** Where the table has no room beside the rail, however wide the screen is. Paper is narrow, too, and shows the table. */
function stackedWhereNarrow(heads: readonly Head[]) {
  const widths = heads.map((head) => (typeof head === 'string' ? TEXT : FIGURES))
  const narrow = `@container (max-width: ${widths.reduce((sum, width) => sum + width, 0)}px)`
  return { containerType: 'inline-size', '@media screen': { [narrow]: stackedUnder(heads.map(headText)) } }
}

/** The heads are kept for readers of the screen; what stands before a cell is drawn of them. */
function stackedUnder(heads: readonly string[]) {
  return {
    '& thead': {
      position: 'absolute',
      clipPath: 'inset(50%)',
      width: '1px',
      height: '1px',
      overflow: 'hidden',
    },
    '& table, & tbody': { display: 'block' },
    '& tr.row': {
      display: 'grid',
      // One column on a phone, two on a tablet, beside the wide rail, too.
      gridTemplateColumns: 'repeat(auto-fill, minmax(min(240px, 100%), 1fr))',
      columnGap: '16px',
      padding: '6px 12px',
      borderBottom: 'var(--mg-line) solid var(--mg-palette-divider)',
    },
    '& tbody tr.row:last-of-type': { borderBottom: 0 },
    '& tr.row > *': {
      display: 'flow-root',
      padding: '3px 0',
      borderBottom: 0,
      minWidth: '0 !important',
      whiteSpace: 'normal',
      textAlign: 'start',
      overflowWrap: 'anywhere',
    },
    '& tr.row > th': { gridColumn: '1 / -1' },
    '& tr.row > td': { paddingInlineStart: '104px' },
    '& tr.row > td::before': {
      float: 'inline-start',
      width: 96,
      marginInlineStart: '-104px',
      fontSize: 12,
      fontWeight: 400,
      color: 'var(--mg-palette-text-secondary)',
    },
    ...Object.fromEntries(
      heads.map((head, at) => [
        `& tr.row > td:nth-child(${at + 1})::before`,
        { content: JSON.stringify(head) },
      ]),
    ),
  }
}
