import Box from '@mui/material/Box'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import type { LiveReadings } from '../../api/vitals.ts'
import { useAges } from '../../ui/ages.ts'
import { comparison } from './alarm.ts'
import type { Alarm } from './alarm.ts'

interface AlarmMarkProps {
  readonly alarm: Alarm
  readonly readings: LiveReadings
  readonly now: number
}

/** `*** ALARM HR 143 > 120  2 min`: mark, word, value against limit, age. */
export function AlarmMark({ alarm: { since, breach }, readings, now }: AlarmMarkProps) {
  const { t } = useTranslation()
  const { ago } = useAges()
  return (
    <Box component="p" sx={band}>
      <span aria-hidden="true">***</span>
      <span>{t('alarm.word')}</span>
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

interface AlarmAnnouncementProps {
  readonly bed: string
  readonly alarm: Alarm | undefined
}

/** Tells screen readers of an alarm that began while the tile was shown, once: its text does not follow the value. */
export function AlarmAnnouncement({ bed, alarm }: AlarmAnnouncementProps) {
  const { t } = useTranslation()
  const [known] = useState(alarm?.since)
  if (alarm === undefined || alarm.since === known) return undefined
  const { breach } = alarm
  const text = breach ? `${t(`vital.${breach.metric}`)} ${comparison(breach)}` : t('alarm.critical')
  return (
    <Box component="span" role="alert" sx={unseen}>
      {t('alarm.announce', { bed, text })}
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
  gap: 2,
  mt: 1,
  mb: 2,
  px: 2,
  borderRadius: 1,
  lineHeight: '28px',
  fontWeight: 600,
  color: 'flag.highOn',
  bgcolor: 'flag.highSolid',
} as const

const unseen = {
  position: 'absolute',
  width: '1px',
  height: '1px',
  overflow: 'hidden',
  clipPath: 'inset(50%)',
  whiteSpace: 'nowrap',
} as const
