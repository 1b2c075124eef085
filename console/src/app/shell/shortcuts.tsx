import type { Role } from '@hub/auth/permissions.ts'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import { useEffectEvent, useLayoutEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'

import { FEATURES, homeOf } from '../features.ts'
import { usePreferences } from '../preferences.ts'
import { SEARCH_ID } from './search-field.tsx'

const CHORD_MS = 1500

interface ShortcutsProps {
  readonly roles: readonly Role[]
  readonly openPalette: () => void
}

/** Listens for Ctrl+K, `/`, `?` and `g` with a letter, and shows their map. */
export function Shortcuts({ roles, openPalette }: ShortcutsProps) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const pages = FEATURES.flatMap((feature) =>
    feature.nav && feature.allowed(roles) ? [{ ...feature.nav, to: homeOf(feature) }] : [],
  )
  useKeys(pages, { openPalette, showMap: () => setOpen(true) })
  const rows = [
    ['Ctrl K', t('palette.open')],
    ['/', t('search.label')],
    ...pages.map(({ key, text }) => [`g ${key}`, t(text)]),
    ['j, k', t('keys.rows')],
    ['?', t('keys.title')],
  ]
  return (
    <Dialog open={open} onClose={() => setOpen(false)} aria-labelledby="keys-title">
      <DialogTitle id="keys-title" variant="h2">
        {t('keys.title')}
      </DialogTitle>
      <DialogContent>
        <Box
          component="dl"
          sx={{ display: 'grid', gridTemplateColumns: '72px 1fr', gap: 2, m: 0, minWidth: 320 }}
        >
          {rows.map(([keys, text]) => (
            <Box key={keys} sx={{ display: 'contents', '& dd': { m: 0 } }}>
              <dt>
                <kbd dir="ltr">{keys}</kbd>
              </dt>
              <dd>{text}</dd>
            </Box>
          ))}
        </Box>
      </DialogContent>
      <DialogActions>
        <Button onClick={() => setOpen(false)}>{t('dialog.close')}</Button>
      </DialogActions>
    </Dialog>
  )
}

interface Openers {
  readonly openPalette: () => void
  readonly showMap: () => void
}

function useKeys(
  pages: readonly { readonly key: string; readonly to: string }[],
  { openPalette, showMap }: Openers,
): void {
  const navigate = useNavigate()
  const goneAt = useRef(0)
  const pressed = useEffectEvent((event: KeyboardEvent) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault()
      openPalette()
      return
    }
    if (!usePreferences.getState().bareKeys || isTyping(event)) return
    const page = pages.find(({ key }) => key === event.key)
    if (event.key === '/') {
      event.preventDefault()
      document.querySelector<HTMLElement>(`#${SEARCH_ID}`)?.focus()
    } else if (event.key === '?') showMap()
    else if (event.key === 'g') goneAt.current = event.timeStamp
    else if (page && event.timeStamp - goneAt.current < CHORD_MS) void navigate(page.to)
  })
  // Before the page is painted: who sees it may use its keys.
  useLayoutEffect(() => {
    const listen = (event: KeyboardEvent) => pressed(event)
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  }, [])
}

function isTyping({ target, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  if (ctrlKey || metaKey || altKey) return true
  return (
    target instanceof HTMLElement &&
    target.closest('input, textarea, select, [contenteditable], [role=menu]') !== null
  )
}
