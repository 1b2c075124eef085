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
import { AlarmBar } from './alarm-bar.tsx'
import { InteropAlert } from './interop-alert.tsx'
import { keepFocus } from './kept-focus.ts'
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
  return (
    <Box sx={frame}>
      <Box component="a" href="#content" sx={skipLink}>
        {t('shell.skip')}
      </Box>
      <Box ref={measured} sx={overDialogs}>
        <AlarmBar alarms={alarms} roles={who.roles} />
      </Box>
      <Box component="header" sx={head}>
        <TopBar who={who} openPalette={() => setFinding(true)} />
      </Box>
      <NavRail roles={who.roles} />
      <Box component="main" ref={keptFocus} id="content" tabIndex={-1} sx={{ outline: 'none', minWidth: 0 }}>
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

function keptFocus(main: HTMLElement | null) {
  return main === null ? undefined : keepFocus(main)
}

/** `--mg-alarm` is the height of the alarm bar, on one line or on several: dialogs begin below it, too. */
function measured(bar: HTMLElement | null) {
  if (bar === null) return undefined
  const { style } = document.documentElement
  const observer = new ResizeObserver(() => style.setProperty('--mg-alarm', `${bar.offsetHeight}px`))
  observer.observe(bar)
  return () => {
    observer.disconnect()
    style.removeProperty('--mg-alarm')
  }
}

/** `--mg-head` is the height of everything that stays at the top; what sticks below it, or is scrolled to, keeps that distance. */
const frame = {
  '--mg-head': `calc(${TOP_BAR_PX}px + var(--mg-alarm, 0px))`,
  display: 'grid',
  gridTemplate: 'auto auto 1fr / auto minmax(0, 1fr)',
  minHeight: '100vh',
} as const

/** No dialog dims an alarm or lies over it. */
const overDialogs = { gridColumn: '1 / -1', position: 'sticky', top: 0, zIndex: 'snackbar' } as const

const head = { gridColumn: '1 / -1', position: 'sticky', top: 'var(--mg-alarm, 0px)', zIndex: 5 } as const

const skipLink = {
  position: 'fixed',
  insetInlineStart: 8,
  top: -100,
  zIndex: 'tooltip',
  p: 2,
  bgcolor: 'background.paper',
  color: 'primary.main',
  '&:focus': { top: 8 },
} as const
