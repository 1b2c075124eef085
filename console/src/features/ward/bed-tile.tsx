import { VITALS } from '@hub/care/facility/wards.contract.ts'
import type { Bed, Occupant } from '@hub/care/facility/wards.contract.ts'
import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { useAlarmSignal } from '../../api/alarms.ts'
import { useLiveReadings } from '../../api/vitals.ts'
import { useAges } from '../../ui/ages.ts'
import { alarmOf } from '../../ui/alarm.ts'
import type { Alarm } from '../../ui/alarm.ts'
import { clinicalInstant } from '../../ui/dates.ts'
import { useNow } from '../../ui/now.ts'
import { SourceLink } from '../../ui/source-link.tsx'
import { alarmEdge, AlarmMark } from './alarm-mark.tsx'
import { ResultLine } from './result-line.tsx'
import { VitalCell } from './vital-cell.tsx'
import { cellOf } from './ward.data.ts'

interface BedTileProps {
  readonly bed: Bed
  readonly occupant?: Occupant
  /** When the board was read, milliseconds UTC of this browser. */
  readonly readAt: number
}

export function BedTile({ bed, occupant, readAt }: BedTileProps) {
  const { t } = useTranslation()
  const signal = useAlarmSignal(occupant?.patient)
  const alarm = occupant && alarmOf(occupant.alarm, signal, readAt)
  return (
    <Box component="li" data-bed={bed.label} data-alarm={alarm !== undefined} sx={alarm ? alarmEdge : {}}>
      <Box sx={{ display: 'flex', alignItems: 'baseline', gap: 2 }}>
        <Typography variant="h2" component="h2">
          <SourceLink resource={bed.id} element="Location.name">
            <bdi>{bed.label}</bdi>
          </SourceLink>
        </Typography>
        {bed.kind === 'no-bed' ? <Typography variant="caption">{t('ward.noBed')}</Typography> : undefined}
        <Box sx={{ flexGrow: 1 }} />
        {occupant ? <Since occupant={occupant} /> : undefined}
      </Box>
      {occupant ? (
        <Content occupant={occupant} alarm={alarm} />
      ) : (
        <Typography variant="body2" sx={{ color: 'text.secondary' }}>
          {t('ward.free')}
        </Typography>
      )}
    </Box>
  )
}

function Since({ occupant: { since, encounter } }: { readonly occupant: Occupant }) {
  const { t, i18n } = useTranslation()
  if (since === undefined) return undefined
  return (
    <Typography variant="caption" sx={{ color: 'text.secondary' }}>
      <SourceLink resource={encounter} element="Encounter.period.start">
        {t('ward.since', { time: clinicalInstant(since, i18n.language) })}
      </SourceLink>
    </Typography>
  )
}

interface ContentProps {
  readonly occupant: Occupant
  readonly alarm: Alarm | undefined
}

function Content({ occupant, alarm }: ContentProps) {
  const { t } = useTranslation()
  const { age } = useAges()
  const now = useNow(5000)
  const readings = useLiveReadings(occupant.patient)
  return (
    <>
      <Box sx={{ display: 'flex', alignItems: 'baseline', gap: 2 }}>
        <Box component={Link} to={`/patients/${occupant.patient.slice('Patient/'.length)}`} sx={name}>
          <bdi>{occupant.name === '' ? t('patient.nameless') : occupant.name}</bdi>
        </Box>
        <Typography variant="body2" component="span" sx={{ color: 'text.secondary', whiteSpace: 'nowrap' }}>
          {occupant.birthDate === undefined ? (
            t('patient.ageUnknown')
          ) : (
            <SourceLink resource={occupant.patient} element="Patient.birthDate">
              {age(occupant.birthDate, now)}
            </SourceLink>
          )}
          {' · '}
          <SourceLink resource={occupant.patient} element="Patient.gender">
            {t(`gender.${occupant.gender ?? 'unknown'}`)}
          </SourceLink>
        </Typography>
      </Box>
      {alarm ? <AlarmMark alarm={alarm} readings={readings} now={now} /> : undefined}
      <Box component="dl" sx={vitals}>
        {VITALS.map((vital) => (
          <VitalCell key={vital} vital={vital} cell={cellOf(vital, occupant, readings)} now={now} />
        ))}
      </Box>
      {occupant.results.length === 0 ? undefined : (
        <Box component="ul" aria-label={t('ward.results')} sx={results}>
          {occupant.results.map((result) => (
            <ResultLine key={result.resource} result={result} now={now} />
          ))}
        </Box>
      )}
    </>
  )
}

const name = {
  fontWeight: 600,
  color: 'primary.main',
  textDecoration: 'none',
  '&:hover': { textDecoration: 'underline' },
} as const

const vitals = {
  display: 'grid',
  gridTemplateColumns: '3fr 2.8fr 5.1fr 2.9fr 3.3fr',
  gap: 2,
  my: 2,
  mx: 0,
} as const

/** The lines share these columns, each as wide as its widest content, a long text cut short: the rest belongs to the names. */
const results = {
  display: 'grid',
  gridTemplateColumns: 'minmax(0, 1fr) fit-content(144px) repeat(3, auto)',
  columnGap: 2,
  listStyle: 'none',
  m: 0,
  p: 0,
} as const
