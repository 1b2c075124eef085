/** A line that can be marked at its start, as the chosen entry of a list is. The contrast mode of the system paints what is transparent, too. */
export const markable = {
  borderInlineStart: '3px solid transparent',
  '@media (forced-colors: active)': { borderInlineStartColor: 'Canvas' },
} as const

export const marked = {
  bgcolor: 'action.selected',
  borderInlineStartColor: 'var(--mg-palette-primary-main)',
  '@media (forced-colors: active)': { borderInlineStartColor: 'Highlight' },
} as const
