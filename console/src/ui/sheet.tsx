import { styled } from '@mui/material/styles'

/** A plain semantic table: 13 px, rows of 36 px, sticky head, lines instead of shades. */
export const Sheet = styled('table')({
  width: '100%',
  borderCollapse: 'separate',
  borderSpacing: 0,
  fontSize: 13,
  lineHeight: '18px',
  backgroundColor: 'var(--mg-palette-background-paper)',
  border: 'var(--mg-line) solid var(--mg-palette-divider)',
  borderRadius: 4,
  '& th, & td': {
    padding: '8px 12px',
    textAlign: 'start',
    verticalAlign: 'baseline',
    // Words stay whole, so that a column is as wide as its longest one; only what is wider than all of that breaks.
    overflowWrap: 'break-word',
    borderBottom: 'var(--mg-line) solid var(--mg-palette-divider)',
  },
  '& tbody tr:last-of-type > *': { borderBottom: 0 },
  '& thead th': {
    fontSize: 12,
    fontWeight: 600,
    color: 'var(--mg-palette-text-secondary)',
    backgroundColor: 'var(--mg-palette-background-paper)',
    whiteSpace: 'nowrap',
  },
  '& tbody th': { fontWeight: 600 },
  '& .number': { textAlign: 'end', whiteSpace: 'nowrap' },
  // Heads of figures are longer than these: where there is no room they take two lines.
  '& thead th.number:not(.unit)': { whiteSpace: 'normal' },
  '& .unit': { whiteSpace: 'nowrap' },
  // As somebody laid it out.
  '& .lines': { whiteSpace: 'pre-wrap' },
  '& .long': { minWidth: 200, overflowWrap: 'anywhere' },
  '& .text': { minWidth: 200 },
  // Numbers and names of systems may be long: they break, so that what stands behind them stays on the screen.
  '& .code': { overflowWrap: 'anywhere' },
  '& .code:not(.text)': { minWidth: 96 },
  '& .soft': { color: 'var(--mg-palette-text-secondary)' },
  '& a': { color: 'var(--mg-palette-primary-main)', textDecoration: 'none' },
  '& a.source': { color: 'inherit' },
  '& a:hover, & a:focus-visible': { textDecoration: 'underline', textUnderlineOffset: '3px' },
  '& tr.row:hover > *, & tr.row:focus-within > *': { backgroundColor: 'var(--mg-palette-action-hover)' },
})
