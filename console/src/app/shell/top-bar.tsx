import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import { useTranslation } from 'react-i18next'

import type { Who } from '../../api/session.ts'
import { site } from '../../ui/site.ts'
import { ConnectionChip } from './connection-chip.tsx'
import { LanguageMenu, ThemeMenu, UserMenu } from './menus.tsx'
import { SearchField } from './search-field.tsx'

export function TopBar({ who }: { readonly who: Who }) {
  return (
    <Box component="header" sx={bar}>
      <Brand />
      <SearchField />
      <Box sx={{ flexGrow: 1 }} />
      <ConnectionChip />
      <LanguageMenu />
      <ThemeMenu />
      <UserMenu who={who} />
    </Box>
  )
}

function Brand() {
  const { t } = useTranslation()
  return (
    <Box sx={{ display: 'flex', alignItems: 'center', gap: 2, minWidth: { lg: 204 } }}>
      <img src="/icon.svg" alt="" width="24" height="24" />
      <Typography variant="h3" component="span" translate="no">
        {site.site}
      </Typography>
      {site.mode === 'evaluation' ? (
        <Typography variant="caption" sx={tag} title={t('shell.evaluationNote')}>
          {t('shell.evaluation')}
        </Typography>
      ) : undefined}
    </Box>
  )
}

const bar = {
  gridColumn: '1 / -1',
  position: 'sticky',
  top: 0,
  zIndex: 5,
  height: 48,
  display: 'flex',
  alignItems: 'center',
  gap: 2,
  px: 4,
  bgcolor: 'background.paper',
  borderBottom: 'var(--mg-line) solid var(--mg-palette-divider)',
} as const

const tag = {
  px: 1.5,
  border: '1px solid',
  borderColor: 'flag.mediumText',
  borderRadius: 1,
  bgcolor: 'flag.mediumSoft',
  color: 'flag.mediumText',
  fontWeight: 600,
} as const
