import Box from '@mui/material/Box'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { allOf, atLeast } from '../../ui/at-least.ts'
import { clinicalInstant, hourMinute } from '../../ui/dates.ts'
import { figure } from '../../ui/figure.ts'
import { failedLink } from './feeds.data.ts'
import type { FeedRow, Numbers } from './feeds.data.ts'

interface ThroughputProps {
  readonly numbers: Numbers
  readonly feeds: readonly FeedRow[]
}

/** The last hour in bars, a minute each, and how much is under way. */
export function Throughput({ numbers, feeds }: ThroughputProps) {
  const { t, i18n } = useTranslation()
  const { minutes, inFlight, blockedPartitions, since } = numbers
  const sum = (count: 'received' | 'committed' | 'failed') =>
    minutes.reduce((all, minute) => all + minute[count], 0)
  const text = (count: number) => figure(count, i18n.language)
  const failed = sum('failed')
  const facts = [
    [t('feeds.received'), text(sum('received'))],
    [t('feeds.recorded'), text(sum('committed'))],
    [t('feeds.failed'), failed === 0 ? '0' : <FailedLink key="failed">{text(failed)}</FailedLink>],
    [t('feeds.inFlight'), text(inFlight)],
    [t('feeds.waiting'), atLeast(allOf(feeds.map(({ waiting }) => waiting)), i18n.language)],
    [t('feeds.blocked'), text(blockedPartitions)],
  ] as const
  return (
    <Box sx={strip}>
      <Box component="dl" sx={list}>
        {facts.map(([label, number]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{number}</dd>
          </div>
        ))}
        <div>
          <dt>{t('feeds.since')}</dt>
          <Box component="dd" sx={{ '&&': { fontSize: 14, fontWeight: 400 } }}>
            <bdi>{clinicalInstant(since, i18n.language)}</bdi>
          </Box>
        </div>
      </Box>
      <Box component="figure" sx={{ m: 0, flexGrow: 1, minWidth: 'min(240px, 100%)', maxWidth: 480 }}>
        <Bars minutes={minutes} label={t('feeds.chart', { n: sum('received'), failed })} />
        <Box component="figcaption" dir="ltr" sx={caption}>
          <bdi>{minutes[0] ? hourMinute(minutes[0].time, i18n.language) : ''}</bdi>
          <span>{t('feeds.perMinuteShort')}</span>
          <bdi>{minutes.at(-1) ? hourMinute(minutes.at(-1)?.time ?? 0, i18n.language) : ''}</bdi>
        </Box>
      </Box>
    </Box>
  )
}

/** To the messages that it counts. */
function FailedLink({ children }: { readonly children: string }) {
  return (
    <Box component={Link} to={failedLink()} sx={{ color: 'flag.highText', textUnderlineOffset: '3px' }}>
      {children}
    </Box>
  )
}

const BAR = { step: 4, width: 3, height: 40 } as const

function Bars({ minutes, label }: { readonly minutes: Numbers['minutes']; readonly label: string }) {
  const most = Math.max(1, ...minutes.map(({ received }) => received))
  const heightOf = (count: number) => (count === 0 ? 0 : Math.max(2, (count / most) * BAR.height))
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${minutes.length * BAR.step} ${BAR.height}`}
      preserveAspectRatio="none"
      style={{
        display: 'block',
        width: '100%',
        height: BAR.height,
        borderBottom: '1px solid var(--mg-palette-divider)',
      }}
    >
      {minutes.map(({ time, received, failed }, index) => (
        <g key={time}>
          <Bar at={index} height={heightOf(received)} colour="primary-main" />
          <Bar at={index} height={heightOf(failed)} colour="flag-highSolid" />
        </g>
      ))}
    </svg>
  )
}

function Bar({
  at,
  height,
  colour,
}: {
  readonly at: number
  readonly height: number
  readonly colour: string
}) {
  if (height === 0) return undefined
  return (
    <rect
      x={at * BAR.step}
      y={BAR.height - height}
      width={BAR.width}
      height={height}
      fill={`var(--mg-palette-${colour})`}
    />
  )
}

const strip = {
  display: 'flex',
  flexWrap: 'wrap',
  alignItems: 'end',
  gap: 8,
  p: 3,
  bgcolor: 'background.paper',
  border: 'var(--mg-line) solid var(--mg-palette-divider)',
  borderRadius: 1,
} as const

const list = {
  display: 'flex',
  flexWrap: 'wrap',
  columnGap: { xs: 6, sm: 8 },
  rowGap: 2,
  m: 0,
  '& dt': { fontSize: 12, lineHeight: '16px', color: 'text.secondary' },
  '& dd': { m: 0, fontSize: 20, lineHeight: '28px', fontWeight: 600 },
} as const

const caption = {
  display: 'flex',
  justifyContent: 'space-between',
  fontSize: 12,
  lineHeight: '16px',
  color: 'text.secondary',
} as const
