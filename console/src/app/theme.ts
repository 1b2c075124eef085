import { createTheme } from '@mui/material/styles'
import type { Direction, Theme } from '@mui/material/styles'

import { TOKENS } from './tokens.ts'
import type { Flag, Scheme } from './tokens.ts'

declare module '@mui/material/styles' {
  interface Palette {
    readonly flag: Flag
    readonly control: { readonly line: string }
  }
  interface PaletteOptions {
    readonly flag: Flag
    readonly control: { readonly line: string }
  }
}

const FAMILY = '"IBM Plex Sans", "IBM Plex Sans Arabic", system-ui, sans-serif'

/** Sizes of STYLE's 4 px grid: body 14/20, tables 13, meta 12/16; Arabic script is one pixel larger on a taller line. */
export function themeOf(scheme: Scheme, direction: Direction): Theme {
  const tokens = TOKENS[scheme]
  const size = (px: number, line: number, weight = 400) => {
    const [more, taller] = direction === 'rtl' ? [1, 4] : [0, 0]
    return { fontSize: px + more, lineHeight: `${line + taller}px`, fontWeight: weight, letterSpacing: 0 }
  }
  return createTheme({
    cssVariables: { cssVarPrefix: 'mg' },
    direction,
    palette: {
      mode: tokens.mode,
      primary: { main: tokens.primary, contrastText: tokens.onPrimary },
      error: { main: tokens.flag.highText },
      text: { primary: tokens.text, secondary: tokens.textSoft },
      background: { default: tokens.page, paper: tokens.paper },
      divider: tokens.line,
      action: { hover: tokens.hover, selected: tokens.selected },
      flag: tokens.flag,
      control: { line: tokens.controlLine },
    },
    shape: { borderRadius: 4 },
    spacing: 4,
    // Nothing moves on its own: a screen that is watched all day draws the eye only when a value changes.
    transitions: { create: () => 'none' },
    typography: {
      fontFamily: FAMILY,
      h1: size(20, 28, 600),
      h2: size(16, 24, 600),
      h3: size(14, 20, 600),
      body1: size(14, 20),
      body2: size(13, 18),
      caption: size(12, 16),
      button: { ...size(14, 20, 600), textTransform: 'none' },
    },
    components: components(),
  })
}

function components(): Theme['components'] {
  const edge = 'var(--mg-line) solid var(--mg-palette-divider)'
  return {
    MuiButtonBase: {
      defaultProps: { disableRipple: true },
      // Without the ripple nothing else shows where the focus is: the buttons of the library switch the outline of the browser off.
      styleOverrides: { root: { '&:focus-visible': ring(2) } },
    },
    MuiButton: {
      defaultProps: { disableElevation: true, size: 'small' },
      styleOverrides: {
        root: { minHeight: 32, paddingInline: 12, boxShadow: 'none' },
        outlined: { borderColor: 'var(--mg-palette-control-line)' },
      },
    },
    MuiIconButton: { styleOverrides: { root: { borderRadius: 4, width: 32, height: 32, color: 'inherit' } } },
    MuiPaper: { defaultProps: { elevation: 0 }, styleOverrides: { root: { backgroundImage: 'none' } } },
    MuiMenu: { defaultProps: { transitionDuration: 0 }, styleOverrides: { paper: { border: edge } } },
    MuiMenuItem: { styleOverrides: { root: { minHeight: 32, gap: 8, '&:focus-visible': ring(-2) } } },
    MuiDialog: {
      defaultProps: { transitionDuration: 0 },
      styleOverrides: { root: { top: 'var(--mg-alarm, 0px)' }, paper: { border: edge } },
    },
    MuiOutlinedInput: {
      styleOverrides: {
        root: { height: 36, backgroundColor: 'var(--mg-palette-background-paper)' },
        notchedOutline: { borderColor: 'var(--mg-palette-control-line)' },
      },
    },
    MuiTab: {
      styleOverrides: {
        root: { minHeight: 40, minWidth: 0, paddingInline: 12, '&:focus-visible': ring(-2) },
      },
    },
    MuiTabs: {
      styleOverrides: {
        root: { minHeight: 40 },
        indicator: {
          '@media (forced-colors: active)': { backgroundColor: 'Highlight', forcedColorAdjust: 'none' },
        },
      },
    },
  }
}

/** The focus, as on links and fields. @param offset pixels outside of the edge */
function ring(offset: number) {
  return { outline: '2px solid var(--mg-palette-primary-main)', outlineOffset: offset } as const
}
