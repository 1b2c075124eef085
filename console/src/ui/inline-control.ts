/** A label (its text in a `span`) in one line with its `select` or `input`, for bars of filters. */
export const inlineControl = {
  display: 'flex',
  alignItems: 'center',
  gap: 1.5,
  minWidth: 0,
  '& > span': { fontSize: 12, color: 'text.secondary', whiteSpace: 'nowrap' },
  '& > select, & > input': {
    height: 32,
    minWidth: 0,
    maxWidth: 150,
    px: 1.5,
    font: 'inherit',
    color: 'text.primary',
    bgcolor: 'background.paper',
    border: 'var(--mg-line) solid var(--mg-palette-control-line)',
    borderRadius: 1,
  },
  '& > input::placeholder': { color: 'text.secondary', opacity: 1 },
} as const
