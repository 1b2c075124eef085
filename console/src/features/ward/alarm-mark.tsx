import Box from '@mui/material/Box'
import { useTranslation } from 'react-i18next'

import type { LiveReadings } from '../../api/vitals.ts'
import { useAges } from '../../ui/ages.ts'
import { comparison } from '../../ui/alarm.ts'
import type { Alarm } from '../../ui/alarm.ts'

interface AlarmMarkProps {
  readonly alarm: Alarm
  readonly readings: LiveReadings
  readonly now: number
}

/** `*** ALARM HR 143 > 120  2 min`: mark, word, value against limit, age. Outlined once somebody takes care of it. */
export function AlarmMark({ alarm: { since, breach, acknowledged }, readings, now }: AlarmMarkProps) {
  const { t } = useTranslation()
  const { ago } = useAges()
  return (
    <Box component="p" sx={acknowledged === undefined ? { ...band, ...loud } : { ...band, ...quiet }}>
      <span aria-hidden="true">***</span>
      <span>{t(acknowledged === undefined ? 'alarm.word' : 'alarm.taken')}</span>
      <span>
        {breach ? (
          <>
            {t(`vital.${breach.metric}`)} <bdi dir="ltr">{comparison(breach, readings)}</bdi>
          </>
        ) : (
          t('alarm.critical')
        )}
      </span>
      <Box component="span" sx={{ marginInlineStart: 'auto', fontWeight: 400 }}>
        {ago(since, now)}
      </Box>
    </Box>
  )
}

/** Drawn inside the tile, so that the lines between beds stay. */
export const alarmEdge = {
  outline: '3px solid var(--mg-palette-flag-highSolid)',
  outlineOffset: '-3px',
} as const

const band = {
  display: 'flex',
  flexWrap: 'wrap',
  columnGap: 2,
  mt: 1,
  mb: 2,
  px: 2,
  borderRadius: 1,
  lineHeight: '28px',
  fontWeight: 600,
} as const

const loud = { color: 'flag.highOn', bgcolor: 'flag.highSolid' } as const
const quiet = {
  color: 'flag.highText',
  bgcolor: 'flag.highSoft',
  boxShadow: 'inset 0 0 0 1px var(--mg-palette-flag-highSolid)',
} as const
