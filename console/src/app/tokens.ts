/** Colours of one appearance. Colour means state, nothing else; every text colour has 4.5:1 or more on the ground named beside it. */
export interface Tokens {
  readonly mode: 'light' | 'dark'
  readonly text: string
  readonly textSoft: string
  readonly primary: string
  readonly onPrimary: string
  readonly page: string
  readonly paper: string
  readonly line: string
  readonly lineWidth: string
  readonly controlLine: string
  readonly hover: string
  readonly selected: string
  readonly flag: Flag
}

/** Clinical and technical states: text on its soft ground; `highSolid` carries `highOn`. */
export interface Flag {
  readonly highSolid: string
  readonly highOn: string
  readonly highText: string
  readonly highSoft: string
  readonly mediumText: string
  readonly mediumSoft: string
  readonly lowText: string
  readonly lowSoft: string
  readonly okText: string
  readonly okSoft: string
  readonly infoText: string
  readonly infoSoft: string
  readonly staleText: string
  readonly staleSoft: string
}

export type Scheme = 'light' | 'dark' | 'contrast'

const CONTRAST_FLAG: Flag = {
  highSolid: '#000000',
  highOn: '#ffffff',
  highText: '#000000',
  highSoft: '#ffffff',
  mediumText: '#000000',
  mediumSoft: '#ffffff',
  lowText: '#000000',
  lowSoft: '#ffffff',
  okText: '#000000',
  okSoft: '#ffffff',
  infoText: '#000000',
  infoSoft: '#ffffff',
  staleText: '#000000',
  staleSoft: '#ffffff',
}

export const TOKENS: Readonly<Record<Scheme, Tokens>> = {
  light: {
    mode: 'light',
    text: '#17212b',
    textSoft: '#52606d',
    primary: '#0b5c7a',
    onPrimary: '#ffffff',
    page: '#f4f6f8',
    paper: '#ffffff',
    line: '#d5dce2',
    lineWidth: '1px',
    controlLine: '#8795a1',
    hover: '#eef2f5',
    selected: '#e3eff4',
    flag: {
      highSolid: '#b3121d',
      highOn: '#ffffff',
      highText: '#8f0d16',
      highSoft: '#fdecec',
      mediumText: '#6b4e00',
      mediumSoft: '#fff6d6',
      lowText: '#00566b',
      lowSoft: '#e3f7fb',
      okText: '#1b5e34',
      okSoft: '#e8f5ec',
      infoText: '#0b4f8a',
      infoSoft: '#e6f1fb',
      staleText: '#5b4b00',
      staleSoft: '#f3efd9',
    },
  },
  dark: {
    mode: 'dark',
    text: '#e6ebf0',
    textSoft: '#a9b5c0',
    primary: '#6ec3e0',
    onPrimary: '#08222d',
    page: '#0b1116',
    paper: '#11181f',
    line: '#27323c',
    lineWidth: '1px',
    controlLine: '#71808d',
    hover: '#18222b',
    selected: '#12303c',
    flag: {
      highSolid: '#d0222e',
      highOn: '#ffffff',
      highText: '#ff8a8f',
      highSoft: '#3a1216',
      mediumText: '#ffd95a',
      mediumSoft: '#332900',
      lowText: '#7fddf0',
      lowSoft: '#062b33',
      okText: '#86d9a2',
      okSoft: '#0f2a1a',
      infoText: '#8fc5f5',
      infoSoft: '#0d2539',
      staleText: '#e0cf86',
      staleSoft: '#2b2611',
    },
  },
  contrast: {
    mode: 'light',
    text: '#000000',
    textSoft: '#000000',
    primary: '#000000',
    onPrimary: '#ffffff',
    page: '#ffffff',
    paper: '#ffffff',
    line: '#000000',
    lineWidth: '2px',
    controlLine: '#000000',
    hover: '#ffffff',
    selected: '#ffffff',
    flag: CONTRAST_FLAG,
  },
}
