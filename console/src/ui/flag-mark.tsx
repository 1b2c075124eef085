import type { Interpretation } from '@hub/care/facility/wards.contract.ts'
import Box from '@mui/material/Box'
import { useTranslation } from 'react-i18next'

/** One arrow: outside the usual range; two: critical. Always with its word, never colour alone. */
const LOOKS: Readonly<
  Record<Interpretation, { readonly arrow: string; readonly colour: 'medium' | 'high' }>
> = {
  low: { arrow: '↓', colour: 'medium' },
  high: { arrow: '↑', colour: 'medium' },
  abnormal: { arrow: '!', colour: 'medium' },
  'critical-low': { arrow: '↓↓', colour: 'high' },
  'critical-high': { arrow: '↑↑', colour: 'high' },
  critical: { arrow: '!!', colour: 'high' },
}

export function FlagMark({ flag }: { readonly flag: Interpretation }) {
  const { t } = useTranslation()
  const { arrow, colour } = LOOKS[flag]
  return (
    <Box component="span" sx={{ ...mark, color: `flag.${colour}Text`, bgcolor: `flag.${colour}Soft` }}>
      <span aria-hidden="true">{arrow}</span> {t(`flag.${flag}`)}
    </Box>
  )
}

const mark = {
  display: 'inline-block',
  px: 1,
  borderRadius: 1,
  fontSize: 12,
  lineHeight: '18px',
  fontWeight: 600,
  whiteSpace: 'nowrap',
} as const
