import Box from '@mui/material/Box'
import type { ReactNode } from 'react'

/** Label and value; an empty value says nothing and is left out. Plain texts are data: their direction is their own. */
export type Fact = readonly [label: string, value: ReactNode]

/** Short facts side by side, each a small label over its value. */
export function FactList({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <Box component="dl" sx={look}>
      {facts.map(([label, value]) =>
        value === undefined || value === '' || value === false ? undefined : (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{typeof value === 'string' ? <bdi>{value}</bdi> : value}</dd>
          </div>
        ),
      )}
    </Box>
  )
}

/** A code, path or address: written from left to right in any language. */
export function ltr(text: string | undefined, lang?: string): ReactNode {
  return text ? (
    <bdi dir="ltr" {...(lang === undefined ? {} : { lang })}>
      {text}
    </bdi>
  ) : undefined
}

const look = {
  display: 'flex',
  flexWrap: 'wrap',
  columnGap: 8,
  rowGap: 2,
  m: 0,
  mb: 3,
  '& dt': { fontSize: 12, color: 'text.secondary' },
  '& dd': { m: 0 },
  '& a': { color: 'primary.main', textUnderlineOffset: '2px' },
} as const
