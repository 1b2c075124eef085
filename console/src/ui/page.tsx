import Box from '@mui/material/Box'
import Skeleton from '@mui/material/Skeleton'
import Typography from '@mui/material/Typography'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { clockTime } from './dates.ts'
import { ProblemCard } from './problem-card.tsx'
import { useTrail } from './trail.ts'
import type { Crumb } from './trail.ts'

interface BodyProps<T> {
  readonly query: UseQueryResult<T>
  /** Drawn while the first answer is awaited: the layout that is to come. */
  readonly waiting?: ReactNode
  readonly isEmpty?: (content: T) => boolean
  /** Says why there is nothing and what to do next. */
  readonly empty?: ReactNode
  readonly children: (content: T) => ReactNode
}

interface PageProps<T> extends BodyProps<T>, Place {
  readonly title: string
  /** What the page is headed, where its title stands on it already. */
  readonly heading?: string
  /** Filters and the primary action, at the inline end of the title. */
  readonly actions?: ReactNode
  /** Filters that need a line of their own; they stay while the content is awaited. */
  readonly under?: ReactNode
}

interface Place {
  /** For a page below a list: the list, unless one came from another page. Absent for pages of the rail. */
  readonly within?: Crumb
  /** A page that only leads on to another one is no place to come from. */
  readonly isPassing?: boolean
}

/** A page in one of its four states: waiting, problem, empty, content. Old content stays while it is read again. */
export function Page<T>(props: PageProps<T>) {
  const { title, heading, query, actions, under, within, isPassing } = props
  return (
    <Box component="section" sx={{ p: { xs: 3, sm: 4 }, maxWidth: 1760 }}>
      <PageTitle
        title={title}
        heading={heading ?? title}
        actions={actions}
        asOf={query.dataUpdatedAt}
        {...(within ? { within } : {})}
        isPassing={isPassing === true || query.data === undefined}
      />
      {under === undefined ? undefined : <Box sx={{ mb: 3 }}>{under}</Box>}
      <Body {...props} />
    </Box>
  )
}

interface PageTitleProps extends Place {
  readonly title: string
  readonly heading?: string
  readonly actions?: ReactNode
  readonly asOf?: number
}

export function PageTitle({ title, heading = title, actions, asOf, within, isPassing }: PageTitleProps) {
  const { t, i18n } = useTranslation()
  const from = useTrail(title, isPassing === true) ?? within
  return (
    <>
      {within && from ? (
        <Box component="nav" aria-label={t('page.trail')} sx={trail}>
          <Link to={from.to}>
            <bdi>{from.text}</bdi>
          </Link>
          <span aria-hidden="true">/</span>
          <bdi aria-current="page">{title}</bdi>
        </Box>
      ) : undefined}
      <Box sx={{ display: 'flex', alignItems: 'center', flexWrap: 'wrap', gap: 3, mb: 4, minHeight: 36 }}>
        <title>{`${title} · Mogran`}</title>
        <Typography variant="h1">{heading}</Typography>
        {asOf ? (
          <Typography variant="caption" sx={{ color: 'text.secondary' }}>
            {t('page.asOf', { time: clockTime(asOf, i18n.language) })}
          </Typography>
        ) : undefined}
        <Box sx={{ flexGrow: 1 }} />
        {actions}
      </Box>
    </>
  )
}

const trail = {
  display: 'flex',
  gap: 2,
  mb: 1,
  fontSize: 12,
  lineHeight: '16px',
  color: 'text.secondary',
  '& a': { color: 'primary.main', textUnderlineOffset: '2px' },
} as const

export function Body<T>({ query, waiting, isEmpty, empty, children }: BodyProps<T>) {
  if (query.data === undefined) {
    if (query.isError) return <ProblemCard error={query.error} retry={query.refetch} />
    return <Waiting>{waiting ?? <SkeletonRows />}</Waiting>
  }
  return (
    <>
      {query.isError ? <ProblemCard error={query.error} retry={query.refetch} /> : undefined}
      {isEmpty?.(query.data) ? <Empty>{empty}</Empty> : children(query.data)}
    </>
  )
}

export function Empty({ children }: { readonly children: ReactNode }) {
  return (
    <Box
      sx={{
        border: 'var(--mg-line) dashed',
        borderColor: 'control.line',
        borderRadius: 1,
        p: 6,
        color: 'text.secondary',
      }}
    >
      {children}
    </Box>
  )
}

/** Shows itself only when the answer takes longer than 150 ms, so that quick pages do not flicker. */
function Waiting({ children }: { readonly children: ReactNode }) {
  const { t } = useTranslation()
  return (
    <Box
      role="status"
      aria-label={t('page.waiting')}
      sx={{ '@keyframes appear': { to: { opacity: 1 } }, opacity: 0, animation: 'appear 1ms 150ms forwards' }}
    >
      {children}
    </Box>
  )
}

function SkeletonRows() {
  return Array.from({ length: 8 }, (_, row) => (
    <Skeleton key={row} animation={false} variant="rectangular" height={28} sx={{ mb: 2, borderRadius: 1 }} />
  ))
}
