import Box from '@mui/material/Box'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

interface SourceLinkProps {
  /** `Observation/1`: the resource that holds the value. */
  readonly resource: string
  /** FHIRPath of the value in it: `Observation.valueQuantity.value`. */
  readonly element: string
  readonly children: ReactNode
}

/** A value that opens the field of the message that it came from. */
export function SourceLink({ resource, element, children }: SourceLinkProps) {
  const { t } = useTranslation()
  return (
    <Box
      component={Link}
      to={sourceOf(resource, element)}
      title={t('source.open')}
      className="source"
      sx={look}
    >
      {children}
    </Box>
  )
}

function sourceOf(resource: string, element: string): string {
  return `/source/${resource}?${new URLSearchParams({ element })}`
}

const look = {
  color: 'inherit',
  textDecoration: 'none',
  borderRadius: 1,
  '&:hover, &:focus-visible': {
    textDecoration: 'underline',
    textUnderlineOffset: '3px',
    textDecorationThickness: 1,
  },
} as const
