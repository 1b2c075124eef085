/** A field for the text of a message: fixed pitch, so that delimiters can be counted. */
export const textArea = {
  width: '100%',
  p: 3,
  fontFamily: 'monospace',
  fontSize: 13,
  lineHeight: '20px',
  color: 'text.primary',
  bgcolor: 'background.paper',
  border: 'var(--mg-line) solid var(--mg-palette-control-line)',
  borderRadius: 1,
  resize: 'vertical',
} as const
