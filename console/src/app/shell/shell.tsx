import Box from '@mui/material/Box'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Outlet } from 'react-router'

import { liveQueries } from '../../api/live.ts'
import type { Who } from '../../api/session.ts'
import { openLink } from '../../api/socket.ts'
import { NavRail } from './nav-rail.tsx'
import { Shortcuts } from './shortcuts.tsx'
import { TopBar } from './top-bar.tsx'

/** What stands around every page: bar, rail, and the connection to the hub as long as somebody is signed in. */
export function Shell({ who }: { readonly who: Who }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  useEffect(() => openLink(liveQueries(queries)), [queries])
  return (
    <Box sx={{ display: 'grid', gridTemplate: '48px 1fr / auto minmax(0, 1fr)', minHeight: '100vh' }}>
      <Box component="a" href="#content" sx={skipLink}>
        {t('shell.skip')}
      </Box>
      <TopBar who={who} />
      <NavRail roles={who.roles} />
      <Box component="main" id="content" tabIndex={-1} sx={{ outline: 'none', minWidth: 0 }}>
        <Outlet />
      </Box>
      <Shortcuts roles={who.roles} />
    </Box>
  )
}

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
