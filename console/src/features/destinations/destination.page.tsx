import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import { useTranslation } from 'react-i18next'
import { useParams, useSearchParams } from 'react-router'

import { useMay } from '../../api/may.ts'
import { useAges } from '../../ui/ages.ts'
import { AskFirst } from '../../ui/ask-first.tsx'
import { atLeast } from '../../ui/at-least.ts'
import { clockTime } from '../../ui/dates.ts'
import { FactList, ltr } from '../../ui/fact-list.tsx'
import type { Fact } from '../../ui/fact-list.tsx'
import { inlineControl } from '../../ui/inline-control.ts'
import { useNow } from '../../ui/now.ts'
import { Page } from '../../ui/page.tsx'
import { ProblemCard } from '../../ui/problem-card.tsx'
import { OUT_STATES, useDestinations, useRetryAll, useSetMode } from './destinations.data.ts'
import type { Destination } from './destinations.data.ts'
import { ModeButton } from './mode-button.tsx'
import { OutMessages } from './out-messages.tsx'
import { DestinationState } from './out-state.tsx'

/** One destination: how it is, and every message to it with what became of it. */
export function DestinationPage() {
  const { t } = useTranslation()
  const { name = '' } = useParams()
  const query = useDestinations()
  const destination = query.data?.destinations.find((one) => one.name === name)
  const setMode = useSetMode()
  const mayManage = useMay('feeds.manage')
  return (
    <Page
      title={name}
      query={query}
      within={{ to: '/destinations', text: t('nav.destinations') }}
      actions={
        destination && mayManage ? (
          <ModeButton destination={destination} setMode={(change) => setMode.mutate(change)} />
        ) : undefined
      }
      isEmpty={() => destination === undefined}
      empty={t('destinations.unknown')}
    >
      {() => (
        <>
          {setMode.isError ? <ProblemCard error={setMode.error} /> : undefined}
          {destination ? <Content destination={destination} /> : undefined}
        </>
      )}
    </Page>
  )
}

function Content({ destination }: { readonly destination: Destination }) {
  const [params, setParams] = useSearchParams()
  const state = OUT_STATES.find((one) => one === params.get('state'))
  const cursor = params.get('cursor') ?? undefined
  const filters = { destination: destination.name, ...(state && { state }), ...(cursor && { cursor }) }
  const goOn = (next: string) => {
    params.set('cursor', next)
    setParams(params)
  }
  return (
    <>
      <Facts destination={destination} />
      <Box sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: 3, mb: 3 }}>
        <StateFilter state={state ?? ''} apply={(next) => setParams(next === '' ? {} : { state: next })} />
        <RetryAll destination={destination} />
      </Box>
      <OutMessages filters={filters} goOn={goOn} />
    </>
  )
}

function Facts({ destination }: { readonly destination: Destination }) {
  const { t, i18n } = useTranslation()
  const { ago } = useAges()
  const now = useNow(5000)
  const { address, isTls, messages, waiting, reason, failures, nextTry } = destination
  const oldest = waiting.oldest === undefined ? '' : ` · ${ago(Date.parse(waiting.oldest), now)}`
  const state = (
    <>
      <DestinationState destination={destination} />{' '}
      {failures > 0 ? t('destinations.failures', { n: failures }) : undefined}
    </>
  )
  const facts: readonly Fact[] = [
    [t('message.state'), state],
    [t('destinations.address'), ltr(`${isTls ? 'TLS ' : ''}${address}`)],
    [t('destinations.messages'), ltr(messages.join(', '))],
    [t('feeds.waiting'), `${atLeast(waiting, i18n.language)}${oldest}`],
    [t('destinations.why'), ltr(reason, 'en')],
    [t('destinations.nextTry'), ltr(nextTry && clockTime(nextTry, i18n.language))],
  ]
  return <FactList facts={facts} />
}

interface StateFilterProps {
  readonly state: string
  readonly apply: (state: string) => void
}

function StateFilter({ state, apply }: StateFilterProps) {
  const { t } = useTranslation()
  return (
    <Box component="label" sx={inlineControl}>
      <span>{t('message.state')}</span>
      <select value={state} onChange={({ target }) => apply(target.value)}>
        <option value="">{t('filter.all')}</option>
        {OUT_STATES.map((one) => (
          <option key={one} value={one}>
            {t(`out.state.${one}`)}
          </option>
        ))}
      </select>
    </Box>
  )
}

function RetryAll({ destination: { name, dead } }: { readonly destination: Destination }) {
  const { t } = useTranslation()
  const retry = useRetryAll()
  const mayReplay = useMay('messages.replay')
  if (!mayReplay || (dead.count === 0 && !retry.isSuccess && !retry.isError)) return undefined
  return (
    <>
      {dead.count === 0 ? undefined : (
        <AskFirst
          variant="outlined"
          text={t('destinations.retryAll', { n: dead.count })}
          title={t('destinations.retryAll.title', { n: dead.count })}
          answer={t('destinations.retryAll.do', { n: dead.count })}
          command={retry}
          run={(close) => retry.mutate(name, { onSuccess: close })}
        >
          <Typography>{t('destinations.retryAll.explain', { name })}</Typography>
        </AskFirst>
      )}
      {retry.isSuccess ? (
        <span role="status">{t('destinations.retried', { n: retry.data.count })}</span>
      ) : undefined}
    </>
  )
}
