import Box from '@mui/material/Box'
import type { ReactNode } from 'react'

interface ChipProps {
  /** Names a pair of colours of the theme. */
  readonly colour: 'ok' | 'info' | 'stale' | 'medium' | 'high'
  /** Says the same as the colour; hidden from readers, who have the word. */
  readonly mark: string
  readonly children: ReactNode
}

/** A small coloured word with its mark, never colour alone. */
export function Chip({ colour, mark, children }: ChipProps) {
  return (
    <Box component="span" sx={{ ...look, color: `flag.${colour}Text`, bgcolor: `flag.${colour}Soft` }}>
      <span aria-hidden="true">{mark}</span> {children}
    </Box>
  )
}

const look = {
  display: 'inline-block',
  px: 1,
  borderRadius: 1,
  fontSize: 12,
  lineHeight: '18px',
  fontWeight: 600,
  whiteSpace: 'nowrap',
} as const
