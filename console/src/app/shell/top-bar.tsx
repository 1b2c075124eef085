import Box from '@mui/material/Box'
import IconButton from '@mui/material/IconButton'
import Typography from '@mui/material/Typography'
import { useTranslation } from 'react-i18next'

import type { Who } from '../../api/session.ts'
import { Icon } from '../../ui/icon.tsx'
import { site } from '../../ui/site.ts'
import { ConnectionChip } from './connection-chip.tsx'
import { LanguageMenu, ThemeMenu, UserMenu } from './menus.tsx'
import { SearchField } from './search-field.tsx'

interface TopBarProps {
  readonly who: Who
  readonly openPalette: () => void
}

export function TopBar({ who, openPalette }: TopBarProps) {
  const { t } = useTranslation()
  return (
    <Box sx={bar}>
      <Brand />
      <Box sx={{ ...wideOnly, flex: '0 1 360px', minWidth: 0 }}>
        <SearchField />
      </Box>
      <IconButton title={t('palette.open')} aria-label={t('palette.open')} onClick={openPalette}>
        <Icon name="command" />
      </IconButton>
      <Box sx={{ flexGrow: 1 }} />
      <ConnectionChip />
      <Box sx={wideOnly}>
        <LanguageMenu />
        <ThemeMenu />
      </Box>
      <UserMenu who={who} />
    </Box>
  )
}

function Brand() {
  const { t } = useTranslation()
  return (
    <Box
      sx={{
        display: 'flex',
        alignItems: 'center',
        gap: 2,
        flexShrink: { xs: 1, sm: 0 },
        minWidth: { xs: 0, lg: 204 },
      }}
    >
      <img src="/icon.svg" alt="" width="24" height="24" />
      <Typography
        variant="h3"
        component="span"
        translate="no"
        sx={{ minWidth: 0, overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' }}
      >
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
  height: 48,
  display: 'flex',
  alignItems: 'center',
  gap: { xs: 1, sm: 2 },
  px: { xs: 2, sm: 4 },
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
  whiteSpace: 'nowrap',
} as const

/** A phone has no room for these: the palette finds patients, languages and appearances, too. */
const wideOnly = { display: { xs: 'none', sm: 'flex' } } as const
