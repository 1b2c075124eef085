import { mayUse } from '@hub/auth/permissions.ts'
import type { Role } from '@hub/auth/permissions.ts'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Menu from '@mui/material/Menu'
import MenuItem from '@mui/material/MenuItem'
import { useState } from 'react'
import { createPortal } from 'react-dom'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { useLiveReadings } from '../../api/vitals.ts'
import { useAges } from '../../ui/ages.ts'
import { comparison } from '../../ui/alarm.ts'
import { useNow } from '../../ui/now.ts'
import { useAcknowledge } from './alarm-bar.data.ts'
import type { AlarmRow, OpenAlarms } from './alarm-bar.data.ts'

const BAR_PX = 40

interface AlarmBarProps {
  readonly alarms: OpenAlarms
  readonly roles: readonly Role[]
}

/** Over every page: the most urgent open alarm, what to do about it, and the others as a list. Nothing while there is none. */
export function AlarmBar({ alarms: { rows, isRead, isUnknown }, roles }: AlarmBarProps) {
  const { t } = useTranslation()
  const earlier = useEarlier(rows, isRead)
  const acknowledge = useAcknowledge()
  const [first, ...others] = rows
  if (first === undefined) {
    return isUnknown ? (
      <Box role="alert" sx={{ ...bar, ...technical }}>
        <span aria-hidden="true">!</span> {t('alarm.unknown')}
      </Box>
    ) : undefined
  }
  const { id, acknowledged } = first
  return (
    <Box
      role="region"
      aria-label={t('alarm.bar')}
      data-alarms={rows.length}
      sx={acknowledged ? quietBar : loudBar}
    >
      <Announcement rows={rows} earlier={earlier} />
      <Box component="span" aria-hidden="true" sx={acknowledged ? {} : flash}>
        ***
      </Box>
      <AlarmText row={first} isLink />
      <Box sx={{ flexGrow: 1 }} />
      {acknowledge.isError ? <span role="alert">{t('alarm.notTaken')}</span> : undefined}
      {id !== undefined && acknowledged === undefined && mayUse(roles, 'alarms.acknowledge') ? (
        <Button sx={button} disabled={acknowledge.isPending} onClick={() => acknowledge.mutate(id)}>
          {t('alarm.acknowledge')}
        </Button>
      ) : undefined}
      {others.length === 0 ? undefined : <Others rows={others} />}
    </Box>
  )
}

/** `03 OKAFOR, Ifeoma  HR 140 > 120  4 min`. */
function AlarmText({ row, isLink }: { readonly row: AlarmRow; readonly isLink: boolean }) {
  const { t } = useTranslation()
  const { ago } = useAges()
  const now = useNow(5000)
  const readings = useLiveReadings(row.patient)
  const { place, name, breach, since, acknowledged, id } = row
  const shown = name === '' ? t('alarm.patient') : <bdi>{name}</bdi>
  return (
    <>
      {place === undefined ? undefined : <bdi>{place}</bdi>}
      {isLink ? (
        <Box component={Link} to={chartOf(row)} sx={nameLink}>
          {shown}
        </Box>
      ) : (
        shown
      )}
      <span>
        {breach === undefined ? (
          t('alarm.critical')
        ) : (
          <>
            {t(`vital.${breach.metric}`)} <bdi dir="ltr">{comparison(breach, readings)}</bdi>
          </>
        )}
      </span>
      <Box component="span" sx={{ fontWeight: 400 }}>
        {ago(since, now)}
      </Box>
      {acknowledged === undefined ? undefined : (
        <Box component="span" sx={{ fontWeight: 400 }}>
          {t('alarm.acknowledged', { ago: ago(acknowledged, now) })}
        </Box>
      )}
      {id === undefined ? (
        <Box component="span" sx={{ fontWeight: 400 }}>
          {t('alarm.unrecorded')}
        </Box>
      ) : undefined}
    </>
  )
}

function Others({ rows }: { readonly rows: readonly AlarmRow[] }) {
  const { t } = useTranslation()
  const [anchor, setAnchor] = useState<HTMLElement | undefined>()
  const close = () => setAnchor(undefined)
  return (
    <>
      <Button
        sx={button}
        aria-haspopup="menu"
        aria-expanded={anchor !== undefined}
        onClick={({ currentTarget }) => setAnchor(currentTarget)}
      >
        {t('alarm.more', { n: rows.length })}
      </Button>
      <Menu open={anchor !== undefined} {...(anchor ? { anchorEl: anchor } : {})} onClose={close}>
        {rows.map((row) => (
          <MenuItem key={`${row.patient} ${row.since}`} component={Link} to={chartOf(row)} onClick={close}>
            <AlarmText row={row} isLink={false} />
          </MenuItem>
        ))}
      </Menu>
    </>
  )
}

/** The alarms that were open when the record was first read; `undefined` before. */
function useEarlier(rows: readonly AlarmRow[], isRead: boolean): ReadonlySet<string> | undefined {
  const [earlier, setEarlier] = useState<ReadonlySet<string>>()
  if (earlier === undefined && isRead)
    setEarlier(new Set(rows.filter(({ id }) => id !== undefined).map(keyOf)))
  return earlier
}

interface AnnouncementProps {
  readonly rows: readonly AlarmRow[]
  readonly earlier: ReadonlySet<string> | undefined
}

/** Tells screen readers of an alarm that began while the console was open, once: the text does not follow the value. */
function Announcement({ rows, earlier }: AnnouncementProps) {
  const { t } = useTranslation()
  const isEarlier = (row: AlarmRow): boolean =>
    earlier === undefined ? row.id !== undefined : earlier.has(keyOf(row))
  const fresh = rows.find((row) => !isEarlier(row) && row.acknowledged === undefined)
  if (fresh === undefined) return undefined
  const { breach, place, name } = fresh
  const text = breach ? `${t(`vital.${breach.metric}`)} ${comparison(breach)}` : t('alarm.critical')
  // Beside the page: an open dialog hides the page from screen readers.
  return createPortal(
    <Box key={keyOf(fresh)} component="span" role="alert" sx={unseen}>
      {t('alarm.announce', { bed: place ?? name, text })}
    </Box>,
    document.body,
  )
}

function keyOf({ patient, since }: AlarmRow): string {
  return `${patient} ${since}`
}

function chartOf({ patient }: AlarmRow): string {
  return `/patients/${patient.slice('Patient/'.length)}`
}

const bar = {
  minHeight: BAR_PX,
  display: 'flex',
  alignItems: 'center',
  flexWrap: 'wrap',
  columnGap: 3,
  px: 4,
  fontWeight: 600,
} as const

const loudBar = {
  ...bar,
  color: 'flag.highOn',
  bgcolor: 'flag.highSolid',
  '& a:focus-visible': { outlineColor: 'currentcolor' },
} as const
const quietBar = {
  ...bar,
  color: 'flag.highText',
  bgcolor: 'flag.highSoft',
  borderBottom: '2px solid var(--mg-palette-flag-highSolid)',
} as const
const technical = {
  color: 'flag.lowText',
  bgcolor: 'flag.lowSoft',
  borderBottom: '1px solid var(--mg-palette-flag-lowText)',
} as const

const nameLink = { color: 'inherit', textUnderlineOffset: '3px' } as const
const button = {
  color: 'inherit',
  border: '1px solid currentcolor',
  minHeight: 28,
  py: 0,
  '&:focus-visible': { outlineColor: 'currentcolor' },
} as const

/** Only the small mark flashes, twice a second, and stands still for those who asked for less motion. */
const flash = {
  '@keyframes alarm': { '50%': { visibility: 'hidden' } },
  animation: 'alarm 500ms step-start infinite',
  '@media (prefers-reduced-motion: reduce)': { animation: 'none' },
} as const

const unseen = {
  position: 'absolute',
  width: '1px',
  height: '1px',
  overflow: 'hidden',
  clipPath: 'inset(50%)',
  whiteSpace: 'nowrap',
} as const
