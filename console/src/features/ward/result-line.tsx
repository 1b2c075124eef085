import type { ValueView } from '@hub/care/facility/wards.contract.ts'
import Box from '@mui/material/Box'
import { useTranslation } from 'react-i18next'

import { useAges } from '../../ui/ages.ts'
import { clinicalInstant } from '../../ui/dates.ts'
import { FlagMark } from '../../ui/flag-mark.tsx'
import { isFigure, Standing, Value } from '../../ui/result-value.tsx'

interface ResultLineProps {
  readonly result: ValueView
  readonly now: number
}

export function ResultLine({ result, now }: ResultLineProps) {
  const { i18n } = useTranslation()
  const { ago } = useAges()
  const { label, parts, unit, flag, at } = result
  return (
    <Box component="li" sx={line}>
      <Box component="span" sx={oneLine} title={label} dir="auto">
        <bdi>{label}</bdi>
      </Box>
      <Box
        component="span"
        title={isFigure(result) ? undefined : parts.map(({ text }) => text).join(' · ')}
        sx={{ fontWeight: 600, textAlign: 'end', ...(isFigure(result) ? { whiteSpace: 'nowrap' } : oneLine) }}
      >
        <Value value={result} />
      </Box>
      <Box component="span" sx={{ color: 'text.secondary', whiteSpace: 'nowrap' }}>
        <bdi>{unit}</bdi>
        <Standing value={result} />
      </Box>
      <span>{flag ? <FlagMark flag={flag} /> : undefined}</span>
      <Box
        component="span"
        sx={{ color: 'text.secondary', textAlign: 'end', whiteSpace: 'nowrap' }}
        title={clinicalInstant(at, i18n.language)}
      >
        {ago(at, now)}
      </Box>
    </Box>
  )
}

const oneLine = {
  minWidth: 0,
  overflow: 'hidden',
  textOverflow: 'ellipsis',
  whiteSpace: 'nowrap',
  '& a:focus-visible': { outlineOffset: -2 },
} as const

const line = {
  display: 'grid',
  gridColumn: '1 / -1',
  gridTemplateColumns: 'subgrid',
  fontSize: 13,
  lineHeight: '24px',
  borderTop: 'var(--mg-line) solid var(--mg-palette-divider)',
} as const
