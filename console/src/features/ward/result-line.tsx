import type { ValueView } from '@hub/care/facility/wards.contract.ts'
import Box from '@mui/material/Box'
import { useTranslation } from 'react-i18next'

import { useAges } from '../../ui/ages.ts'
import { clinicalInstant } from '../../ui/dates.ts'
import { FlagMark } from '../../ui/flag-mark.tsx'
import { SourceLink } from '../../ui/source-link.tsx'

interface ResultLineProps {
  readonly result: ValueView
  readonly now: number
}

export function ResultLine({ result: { label, parts, unit, resource, flag, at }, now }: ResultLineProps) {
  const { i18n } = useTranslation()
  const { ago } = useAges()
  return (
    <Box component="li" sx={line}>
      <Box
        component="span"
        sx={{ overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' }}
        title={label}
        dir="auto"
      >
        <bdi>{label}</bdi>
      </Box>
      <Box component="span" dir="ltr" sx={{ fontWeight: 600, textAlign: 'end', whiteSpace: 'nowrap' }}>
        {parts.map(({ text, element }) => (
          <SourceLink key={element} resource={resource} element={element}>
            {text}
          </SourceLink>
        ))}
      </Box>
      <Box component="span" sx={{ color: 'text.secondary' }}>
        <bdi>{unit}</bdi>
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

const line = {
  display: 'grid',
  gridColumn: '1 / -1',
  gridTemplateColumns: 'subgrid',
  fontSize: 13,
  lineHeight: '24px',
  borderTop: 'var(--mg-line) solid var(--mg-palette-divider)',
} as const
