import createCache from '@emotion/cache'
import { CacheProvider } from '@emotion/react'
import CssBaseline from '@mui/material/CssBaseline'
import GlobalStyles from '@mui/material/GlobalStyles'
import { ThemeProvider } from '@mui/material/styles'
import rtlPlugin from '@mui/stylis-plugin-rtl'
import { useEffect, useMemo } from 'react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

import { usePreferences, useSystemDark } from './preferences.ts'
import { themeOf } from './theme.ts'
import { TOKENS } from './tokens.ts'
import type { Scheme } from './tokens.ts'

// The server writes one nonce per page load; Vite puts it in this element.
const nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce
const base = nonce ? { nonce } : {}
const caches = {
  // No prefixes for old browsers: making them took time at every start, and the build is not for such browsers either.
  ltr: createCache({ key: 'mg', ...base, stylisPlugins: [] }),
  rtl: createCache({ key: 'mgr', ...base, stylisPlugins: [rtlPlugin] }),
}

/** Theme, direction and language of everything below, as the user prefers them. */
export function Look({ children }: { readonly children: ReactNode }) {
  const { i18n } = useTranslation()
  const direction = i18n.dir()
  const scheme = useScheme()
  const theme = useMemo(() => themeOf(scheme, direction), [scheme, direction])
  useEffect(() => {
    document.documentElement.dir = direction
    document.documentElement.lang = i18n.language
  }, [direction, i18n.language])
  return (
    <CacheProvider value={caches[direction]}>
      <ThemeProvider theme={theme}>
        <CssBaseline />
        <GlobalStyles styles={globals(scheme)} />
        {children}
      </ThemeProvider>
    </CacheProvider>
  )
}

function useScheme(): Scheme {
  const wanted = usePreferences((state) => state.theme)
  const dark = useSystemDark()
  if (wanted !== 'system') return wanted
  return dark ? 'dark' : 'light'
}

/** A page on paper: its content without what leads elsewhere, nothing that sticks or scrolls. */
const PRINTED = {
  'header, nav, button:not(table button), a[href="#content"]': { display: 'none !important' },
  body: { backgroundColor: 'transparent' },
  // A curve is laid out by itself.
  '*:not(.uplot, .uplot *)': {
    position: 'static !important',
    maxHeight: 'none !important',
    overflow: 'visible !important',
  },
  // Nothing scrolls on paper: what does not fit a line goes on in the next one.
  'th, td': { padding: '2px 4px !important' },
  'th, td, th *, td *': {
    minWidth: '0 !important',
    fontSize: '10px !important',
    lineHeight: '14px !important',
    whiteSpace: 'normal !important',
  },
  tr: { breakInside: 'avoid' },
} as const

function globals(scheme: Scheme) {
  const { lineWidth, mode, primary } = TOKENS[scheme]
  return {
    ':root': { '--mg-line': lineWidth, colorScheme: mode },
    html: { scrollPaddingBlock: '160px 24px' },
    body: { fontVariantNumeric: 'tabular-nums', overflowWrap: 'anywhere' },
    '#root': { minHeight: '100vh' },
    ':focus-visible': { outline: `2px solid ${primary}`, outlineOffset: 2 },
    'bdi, .code': { unicodeBidi: 'isolate' },
    '@media (prefers-reduced-motion: reduce)': { '*': { animationDuration: '0s !important' } },
    '@media print': PRINTED,
  } as const
}
