/** Short facts side by side, each a small label over its value (`dl` with a `div` for each pair). */
export const factList = {
  display: 'flex',
  flexWrap: 'wrap',
  columnGap: 8,
  rowGap: 2,
  m: 0,
  mb: 3,
  '& dt': { fontSize: 12, color: 'text.secondary' },
  '& dd': { m: 0 },
} as const
