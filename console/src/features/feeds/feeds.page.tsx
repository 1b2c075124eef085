import Box from '@mui/material/Box'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { useMay } from '../../api/may.ts'
import { useAges } from '../../ui/ages.ts'
import { atLeast } from '../../ui/at-least.ts'
import { figure } from '../../ui/figure.ts'
import { useNow } from '../../ui/now.ts'
import { Page } from '../../ui/page.tsx'
import { ProblemCard } from '../../ui/problem-card.tsx'
import { WideSheet } from '../../ui/wide-sheet.tsx'
import { FeedState, ModeButtons } from './feed-mode.tsx'
import { failedLink, useFeeds, useSetMode, useStatistics } from './feeds.data.ts'
import type { FeedRow, ModeChange } from './feeds.data.ts'
import { Throughput } from './throughput.tsx'

/** The interfaces of the hub: which of them listen, how much comes, what fails, how far behind they are. */
export function FeedsPage() {
  const { t } = useTranslation()
  const statistics = useStatistics()
  const feeds = useFeeds()
  return (
    <Page
      title={t('nav.feeds')}
      query={feeds}
      under={
        statistics.data && feeds.data ? (
          <Throughput numbers={statistics.data} feeds={feeds.data} />
        ) : undefined
      }
      isEmpty={(list) => list.length === 0}
      empty={t('feeds.none')}
    >
      {(list) => <FeedTable feeds={list} />}
    </Page>
  )
}

function FeedTable({ feeds }: { readonly feeds: readonly FeedRow[] }) {
  const { t } = useTranslation()
  const setMode = useSetMode()
  const mayManage = useMay('feeds.manage')
  return (
    <>
      {setMode.isError ? <ProblemCard error={setMode.error} /> : undefined}
      <WideSheet
        label={t('nav.feeds')}
        heads={[
          t('message.feed'),
          t('message.state'),
          t('feeds.from'),
          { figures: t('feeds.perMinute') },
          { figures: t('feeds.perHour') },
          { figures: t('feeds.errors') },
          { figures: t('feeds.waiting') },
          t('feeds.lag'),
          t('feeds.last'),
          mayManage && t('feeds.run'),
        ]}
      >
        <tbody>
          {feeds.map((feed) => (
            <FeedCells
              key={feed.name}
              feed={feed}
              {...(mayManage ? { setMode: (change: ModeChange) => setMode.mutate(change) } : {})}
            />
          ))}
        </tbody>
      </WideSheet>
    </>
  )
}

interface FeedCellsProps {
  readonly feed: FeedRow
  /** Absent for those who may only look. */
  readonly setMode?: (change: ModeChange) => void
}

function FeedCells({ feed, setMode }: FeedCellsProps) {
  const { language } = useTranslation().i18n
  const { ago } = useAges()
  const now = useNow(5000)
  const { name, port, folder, isTls, perMinute, perHour, errorsPerHour, waiting, lastReceived } = feed
  return (
    <tr className="row">
      <th scope="row" aria-label={name} style={{ minWidth: 160 }}>
        <Link data-row to={`/feeds/${encodeURIComponent(name)}`}>
          <bdi>{name}</bdi>
        </Link>
      </th>
      <td style={{ minWidth: 160 }}>
        <FeedState feed={feed} />
      </td>
      <td className="unit">
        <bdi dir="ltr">{folder ?? (port === undefined ? '–' : `${isTls ? 'TLS ' : ''}${port}`)}</bdi>
      </td>
      <td className="number">{figure(perMinute, language)}</td>
      <td className="number">{figure(perHour, language)}</td>
      <td className="number">
        {errorsPerHour === 0 ? (
          0
        ) : (
          <Box
            component={Link}
            to={failedLink(name)}
            sx={{ '&&': { color: 'flag.highText', fontWeight: 600 } }}
          >
            {figure(errorsPerHour, language)}
          </Box>
        )}
      </td>
      <td className="number">{atLeast(waiting, language)}</td>
      <td className="unit">{waiting.oldest === undefined ? '–' : ago(Date.parse(waiting.oldest), now)}</td>
      <td className="unit">{lastReceived === undefined ? '–' : ago(Date.parse(lastReceived), now)}</td>
      {setMode ? (
        <td className="unit">
          <ModeButtons feed={feed} setMode={setMode} isInRow />
        </td>
      ) : undefined}
    </tr>
  )
}
