import type { Role } from '@hub/auth/permissions.ts'
import Box from '@mui/material/Box'
import IconButton from '@mui/material/IconButton'
import type { Theme } from '@mui/material/styles'
import Typography from '@mui/material/Typography'
import useMediaQuery from '@mui/material/useMediaQuery'
import { useTranslation } from 'react-i18next'
import { NavLink } from 'react-router'

import { Icon } from '../../ui/icon.tsx'
import { markable, marked } from '../../ui/start-mark.ts'
import { FEATURES, homeOf } from '../features.ts'
import { usePreferences } from '../preferences.ts'

const GROUPS = ['work', 'patients', 'interop'] as const

/** The pages that the roles may open, in groups; 56 px wide, or 204 px with its words, for which a phone has no room. */
export function NavRail({ roles }: { readonly roles: readonly Role[] }) {
  const { t } = useTranslation()
  const isPhone = useMediaQuery((theme: Theme) => theme.breakpoints.down('sm'))
  const wide = usePreferences((state) => state.wideRail) && !isPhone
  const open = FEATURES.filter(({ nav, allowed }) => nav !== undefined && allowed(roles))
  const label = t(wide ? 'nav.narrow' : 'nav.widen')
  return (
    <Box component="nav" aria-label={t('nav.label')} sx={{ ...rail, width: wide ? 204 : isPhone ? 48 : 56 }}>
      {GROUPS.map((group) => {
        const pages = open.filter(({ nav }) => nav?.group === group)
        if (pages.length === 0) return undefined
        return (
          <Box key={group} sx={{ py: 2, borderBottom: 'var(--mg-line) solid var(--mg-palette-divider)' }}>
            {wide ? (
              <Typography variant="caption" component="h2" sx={{ px: 4, py: 1, color: 'text.secondary' }}>
                {t(`nav.${group}`)}
              </Typography>
            ) : undefined}
            {pages.map((feature) => (
              <Entry key={feature.path} to={homeOf(feature)} wide={wide} nav={feature.nav} />
            ))}
          </Box>
        )
      })}
      <Box sx={{ flexGrow: 1 }} />
      <Box sx={{ p: 2, display: isPhone ? 'none' : 'flex', alignItems: 'center', gap: 2 }}>
        <IconButton
          title={label}
          aria-label={label}
          aria-expanded={wide}
          onClick={() => usePreferences.setState({ wideRail: !wide })}
        >
          <Icon name="menu" />
        </IconButton>
        {wide ? (
          <Typography variant="caption" sx={{ color: 'text.secondary' }}>
            {roles.map((role) => t(`role.${role}`)).join(', ')}
          </Typography>
        ) : undefined}
      </Box>
    </Box>
  )
}

interface EntryProps {
  readonly to: string
  readonly wide: boolean
  readonly nav: (typeof FEATURES)[number]['nav']
}

function Entry({ to, wide, nav }: EntryProps) {
  const { t } = useTranslation()
  if (nav === undefined) return undefined
  const text = t(nav.text)
  return (
    <Box
      component={NavLink}
      to={to}
      title={wide ? undefined : text}
      aria-label={wide ? undefined : text}
      sx={entry}
    >
      <Icon name={nav.icon} />
      {wide ? text : undefined}
    </Box>
  )
}

const rail = {
  position: 'sticky',
  top: 'var(--mg-head)',
  height: 'calc(100vh - var(--mg-head))',
  display: 'flex',
  flexDirection: 'column',
  overflowY: 'auto',
  bgcolor: 'background.paper',
  borderInlineEnd: 'var(--mg-line) solid var(--mg-palette-divider)',
} as const

const entry = {
  display: 'flex',
  alignItems: 'center',
  gap: 3,
  height: 36,
  px: { xs: 3, sm: 4 },
  color: 'text.primary',
  textDecoration: 'none',
  ...markable,
  '&:hover': { bgcolor: 'action.hover' },
  '&:focus-visible': { outlineOffset: -2 },
  '&.active': { ...marked, fontWeight: 600 },
} as const
