import IconButton from '@mui/material/IconButton'
import Menu from '@mui/material/Menu'
import MenuItem from '@mui/material/MenuItem'
import Typography from '@mui/material/Typography'
import { useId, useState } from 'react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

import { signOut } from '../../api/session.ts'
import type { Who } from '../../api/session.ts'
import { Icon } from '../../ui/icon.tsx'
import type { IconName } from '../../ui/icon.tsx'
import { choose } from '../language.ts'
import { LANGUAGES, OWN_NAMES, THEMES, usePreferences } from '../preferences.ts'

export function LanguageMenu() {
  const { t, i18n } = useTranslation()
  return (
    <IconMenu icon="globe" label={t('menu.language')}>
      {(close) =>
        LANGUAGES.map((language) => (
          <MenuItem
            key={language}
            lang={language}
            translate="no"
            selected={i18n.language === language}
            onClick={() => {
              close()
              void choose(language)
            }}
          >
            {OWN_NAMES[language]}
          </MenuItem>
        ))
      }
    </IconMenu>
  )
}

export function ThemeMenu() {
  const { t } = useTranslation()
  const current = usePreferences((state) => state.theme)
  return (
    <IconMenu icon="half" label={t('menu.theme')}>
      {(close) =>
        THEMES.map((theme) => (
          <MenuItem
            key={theme}
            selected={theme === current}
            onClick={() => {
              close()
              usePreferences.setState({ theme })
            }}
          >
            {t(`theme.${theme}`)}
          </MenuItem>
        ))
      }
    </IconMenu>
  )
}

export function UserMenu({ who }: { readonly who: Who }) {
  const { t } = useTranslation()
  const bareKeys = usePreferences((state) => state.bareKeys)
  return (
    <IconMenu icon="person" label={t('menu.user', { name: who.name })}>
      {() => [
        <MenuItem
          key="who"
          disabled
          sx={{ '&.Mui-disabled': { opacity: 1 }, flexDirection: 'column', alignItems: 'start' }}
        >
          <Typography variant="h3" component="span">
            <bdi>{who.name}</bdi>
          </Typography>
          <Typography variant="caption" sx={{ color: 'text.secondary' }}>
            {who.roles.map((role) => t(`role.${role}`)).join(', ')}
          </Typography>
        </MenuItem>,
        <MenuItem key="keys" onClick={() => usePreferences.setState({ bareKeys: !bareKeys })}>
          {t(bareKeys ? 'menu.keysOff' : 'menu.keysOn')}
        </MenuItem>,
        <MenuItem key="out" onClick={signOut}>
          {t('menu.signOut')}
        </MenuItem>,
      ]}
    </IconMenu>
  )
}

interface IconMenuProps {
  readonly icon: IconName
  readonly label: string
  readonly children: (close: () => void) => ReactNode
}

function IconMenu({ icon, label, children }: IconMenuProps) {
  const [anchor, setAnchor] = useState<HTMLElement | undefined>()
  const id = useId()
  const close = () => setAnchor(undefined)
  return (
    <>
      <IconButton
        title={label}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={anchor !== undefined}
        aria-controls={anchor ? id : undefined}
        onClick={({ currentTarget }) => setAnchor(currentTarget)}
      >
        <Icon name={icon} />
      </IconButton>
      {anchor ? (
        <Menu id={id} open anchorEl={anchor} onClose={close}>
          {children(close)}
        </Menu>
      ) : undefined}
    </>
  )
}
