import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import type { UseQueryResult } from '@tanstack/react-query'
import { useId } from 'react'
import type { ReactNode } from 'react'

import { Body } from './page.tsx'

type SectionProps<T> =
  | { readonly title: string; readonly children: ReactNode }
  | {
      readonly title: string
      readonly query: UseQueryResult<T>
      readonly isEmpty: (content: T) => boolean
      readonly empty: string
      readonly children: (content: T) => ReactNode
    }

/** A part of a page with a heading; with a query of its own it has its own four states, so that the rest of the page stays usable. */
export function Section<T>(props: SectionProps<T>) {
  const id = useId()
  return (
    <Box component="section" aria-labelledby={id} sx={{ minWidth: 0 }}>
      <Typography id={id} variant="h2" sx={{ mb: 2 }}>
        {props.title}
      </Typography>
      {'query' in props ? <Body {...props} /> : props.children}
    </Box>
  )
}
