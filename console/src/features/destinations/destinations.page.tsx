import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
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
import { useDestinations, useSetMode } from './destinations.data.ts'
import type { Destination } from './destinations.data.ts'
import { ModeButton } from './mode-button.tsx'
import { DestinationState } from './out-state.tsx'

/** Where the hub sends to: what waits, what was refused, what was answered last. */
export function DestinationsPage() {
  const { t } = useTranslation()
  return (
    <Page
      title={t('nav.destinations')}
      query={useDestinations()}
      isEmpty={({ destinations }) => destinations.length === 0}
      empty={t('destinations.none')}
    >
      {({ destinations, strayAnswers }) => (
        <>
          <DestinationTable destinations={destinations} />
          {strayAnswers === 0 ? undefined : (
            <Typography sx={{ mt: 3, color: 'text.secondary' }}>
              {t('destinations.stray', { n: strayAnswers })}
            </Typography>
          )}
        </>
      )}
    </Page>
  )
}

function DestinationTable({ destinations }: { readonly destinations: readonly Destination[] }) {
  const { t } = useTranslation()
  const setMode = useSetMode()
  const mayManage = useMay('feeds.manage')
  return (
    <>
      {setMode.isError ? <ProblemCard error={setMode.error} /> : undefined}
      <WideSheet
        label={t('nav.destinations')}
        heads={[
          t('destinations.name'),
          t('message.state'),
          t('destinations.address'),
          { figures: t('feeds.waiting') },
          t('destinations.oldest'),
          { figures: t('feeds.perMinute') },
          { figures: t('feeds.perHour') },
          { figures: t('destinations.dead') },
          t('destinations.lastAnswer'),
          t('destinations.lastError'),
          mayManage && t('feeds.run'),
        ]}
      >
        <tbody>
          {destinations.map((destination) => (
            <tr key={destination.name} className="row">
              <Cells destination={destination} />
              {mayManage ? (
                <td className="unit">
                  <ModeButton
                    destination={destination}
                    setMode={(change) => setMode.mutate(change)}
                    isInRow
                  />
                </td>
              ) : undefined}
            </tr>
          ))}
        </tbody>
      </WideSheet>
    </>
  )
}

function Cells({ destination }: { readonly destination: Destination }) {
  const { language } = useTranslation().i18n
  const { ago } = useAges()
  const now = useNow(5000)
  const { name, address, isTls, waiting, sent, dead, lastAnswer } = destination
  const to = `/destinations/${encodeURIComponent(name)}`
  return (
    <>
      <th scope="row" aria-label={name}>
        <Link data-row to={to}>
          <bdi>{name}</bdi>
        </Link>
      </th>
      <td>
        <DestinationState destination={destination} />
      </td>
      <td className="unit">
        <bdi dir="ltr">{`${isTls ? 'TLS ' : ''}${address}`}</bdi>
      </td>
      <td className="number">{atLeast(waiting, language)}</td>
      <td className="unit">{waiting.oldest === undefined ? '–' : ago(Date.parse(waiting.oldest), now)}</td>
      <td className="number">{sent ? figure(sent.perMinute, language) : '–'}</td>
      <td className="number">{sent ? figure(sent.perHour, language) : '–'}</td>
      <td className="number">
        {dead.count === 0 ? (
          0
        ) : (
          <Box
            component={Link}
            to={`${to}?state=dead`}
            sx={{ '&&': { color: 'flag.highText', fontWeight: 600 } }}
          >
            {atLeast(dead, language)}
          </Box>
        )}
      </td>
      <td className="unit">
        {lastAnswer === undefined ? (
          '–'
        ) : (
          <>
            <bdi dir="ltr">{lastAnswer.code}</bdi>{' '}
            <span className="soft">{ago(Date.parse(lastAnswer.time), now)}</span>
          </>
        )}
      </td>
      <td className="text">
        <Wrong destination={destination} />
      </td>
    </>
  )
}

/** Why nothing gets through now comes before what was refused once. */
function Wrong({ destination: { name, reason, lastError } }: { readonly destination: Destination }) {
  if (reason !== undefined) return <bdi lang="en">{reason}</bdi>
  if (lastError === undefined) return '–'
  return (
    <Link to={`/destinations/${encodeURIComponent(name)}/${encodeURIComponent(lastError.id)}`}>
      <bdi lang="en">{lastError.reason}</bdi>
    </Link>
  )
}
