import type { Role } from '@hub/auth/permissions.ts'
import { mayUse } from '@hub/auth/permissions.ts'
import Box from '@mui/material/Box'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'react-router'

import { FEATURES, homeOf } from '../features.ts'
import { useProblems } from './interop-alert.data.ts'

/** Over every page about interfaces: the rules or settings that cannot be used, while the ones before stay in force. */
export function InteropAlert({ roles }: { readonly roles: readonly Role[] }) {
  const { t } = useTranslation()
  const { pathname } = useLocation()
  const isHere = INTEROP.some((home) => pathname === home || pathname.startsWith(`${home}/`))
  const problems = useProblems(isHere && mayUse(roles, 'messages.read'))
  if (!isHere || problems.length === 0) return undefined
  return (
    <Box role="alert" sx={look}>
      <Box component="details">
        <summary>
          <span aria-hidden="true">!</span> {t('rules.broken', { n: problems.length })}
        </summary>
        <Box component="ul" dir="ltr" lang="en" translate="no" sx={{ my: 1, ps: 5 }}>
          {problems.map((problem) => (
            <li key={problem}>{problem}</li>
          ))}
        </Box>
      </Box>
    </Box>
  )
}

const INTEROP = FEATURES.filter(({ nav }) => nav?.group === 'interop').map(homeOf)

const look = {
  px: 4,
  py: 2,
  color: 'flag.highText',
  bgcolor: 'flag.highSoft',
  borderBottom: 'var(--mg-line) solid var(--mg-palette-flag-highSolid)',
  '& summary': { fontWeight: 600, cursor: 'pointer' },
  '& li': { overflowWrap: 'anywhere' },
} as const
