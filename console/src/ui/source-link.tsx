import { mayUse } from '@hub/auth/permissions.ts'
import Box from '@mui/material/Box'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { useSession } from '../api/session.ts'

interface SourceLinkProps {
  /** `Observation/1`: the resource that holds the value. */
  readonly resource: string
  /** FHIRPath of the value in it: `Observation.valueQuantity.value`. */
  readonly element: string
  readonly children: ReactNode
}

/** A value that opens the field of the message that it came from; for those who may not ask for that it is a plain value. */
export function SourceLink({ resource, element, children }: SourceLinkProps) {
  const { t } = useTranslation()
  const roles = useSession((state) => state.session?.who.roles)
  if (roles && !mayUse(roles, 'trace.read')) return children
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
