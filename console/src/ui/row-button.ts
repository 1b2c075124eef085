/** A button in a row of a table: as high as its text allows, which stands on the line of the others and where the column begins. */
export const rowButton = {
  minHeight: 24,
  minWidth: 0,
  py: 0,
  px: 1,
  marginInline: '-4px 12px',
  fontSize: 13,
  lineHeight: '18px',
  verticalAlign: 'baseline',
} as const
