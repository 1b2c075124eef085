import type { Role } from '@hub/auth/permissions.ts'
import { mayUse } from '@hub/auth/permissions.ts'
import Box from '@mui/material/Box'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'react-router'

import { FEATURES, homeOf } from '../features.ts'
import { useProblems, useTroubles } from './interop-alert.data.ts'

/**
 * Over every page about interfaces: the rules or settings that cannot be used, while the ones before stay in force, and the feeds that do not
 * take what they should.
 */
export function InteropAlert({ roles }: { readonly roles: readonly Role[] }) {
  const { t } = useTranslation()
  const { pathname } = useLocation()
  const isHere = INTEROP.some((home) => pathname === home || pathname.startsWith(`${home}/`))
  const isAsked = isHere && mayUse(roles, 'messages.read')
  const problems = useProblems(isAsked)
  const troubles = useTroubles(isAsked)
  if (!isHere) return undefined
  return (
    <>
      {problems.length === 0 ? undefined : (
        <Alert text={t('rules.broken', { n: problems.length })}>
          {problems.map((problem) => (
            <li key={problem}>{problem}</li>
          ))}
        </Alert>
      )}
      {troubles.length === 0 ? undefined : (
        <Alert text={t('feeds.trouble', { n: troubles.length })} isOpen={troubles.length <= SHOWN_OPEN}>
          {troubles.map(({ feed, problem }) => (
            <li key={feed}>
              <Link to={`/feeds/${encodeURIComponent(feed)}`}>{feed}</Link> {problem}
            </li>
          ))}
        </Alert>
      )}
    </>
  )
}

/** So many lines leave room for the page. */
const SHOWN_OPEN = 3

interface AlertProps {
  readonly text: string
  readonly isOpen?: boolean
  readonly children: ReactNode
}

function Alert({ text, isOpen = false, children }: AlertProps) {
  return (
    <Box role="alert" sx={look}>
      <Box component="details" open={isOpen}>
        <summary>
          <span aria-hidden="true">!</span> {text}
        </summary>
        <Box component="ul" dir="ltr" lang="en" translate="no" sx={{ my: 1, ps: 5 }}>
          {children}
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
  '& a': { color: 'inherit' },
} as const
