import { mayUse } from '@hub/auth/permissions.ts'
import Box from '@mui/material/Box'
import { useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Outlet } from 'react-router'

import { liveQueries } from '../../api/live.ts'
import type { Who } from '../../api/session.ts'
import { openLink } from '../../api/socket.ts'
import { useOpenAlarms } from './alarm-bar.data.ts'
import { ALARM_BAR_PX, AlarmBar } from './alarm-bar.tsx'
import { InteropAlert } from './interop-alert.tsx'
import { NavRail } from './nav-rail.tsx'
import { Shortcuts } from './shortcuts.tsx'
import { TopBar } from './top-bar.tsx'

const Palette = lazy(async () => ({ default: (await import('./palette.tsx')).Palette }))

const TOP_BAR_PX = 48

/** What stands around every page: alarms, bar, rail, and the connection to the hub as long as somebody is signed in. */
export function Shell({ who }: { readonly who: Who }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  useEffect(() => openLink(liveQueries(queries)), [queries])
  const alarms = useOpenAlarms(mayUse(who.roles, 'ward.read'))
  const [isFinding, setFinding] = useState(false)
  const headPx = TOP_BAR_PX + (alarms.rows.length > 0 || alarms.isUnknown ? ALARM_BAR_PX : 0)
  return (
    <Box sx={{ ...frame, '--mg-head': `${headPx}px` }}>
      <Box component="a" href="#content" sx={skipLink}>
        {t('shell.skip')}
      </Box>
      <Box component="header" sx={head}>
        <AlarmBar alarms={alarms} roles={who.roles} />
        <TopBar who={who} openPalette={() => setFinding(true)} />
      </Box>
      <NavRail roles={who.roles} />
      <Box component="main" id="content" tabIndex={-1} sx={{ outline: 'none', minWidth: 0 }}>
        <InteropAlert roles={who.roles} />
        <Outlet />
      </Box>
      <Shortcuts roles={who.roles} openPalette={() => setFinding(true)} />
      {isFinding ? (
        <Suspense>
          <Palette roles={who.roles} close={() => setFinding(false)} />
        </Suspense>
      ) : undefined}
    </Box>
  )
}

/** `--mg-head` is the height of everything that stays at the top; what sticks below it, or is scrolled to, keeps that distance. */
const frame = {
  display: 'grid',
  gridTemplate: 'auto 1fr / auto minmax(0, 1fr)',
  minHeight: '100vh',
} as const

const head = { gridColumn: '1 / -1', position: 'sticky', top: 0, zIndex: 5 } as const

const skipLink = {
  position: 'fixed',
  insetInlineStart: 8,
  top: -100,
  zIndex: 10,
  p: 2,
  bgcolor: 'background.paper',
  color: 'primary.main',
  '&:focus': { top: 8 },
} as const
