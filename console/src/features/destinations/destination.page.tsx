import { mayUse } from '@hub/auth/permissions.ts'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useTranslation } from 'react-i18next'
import { useParams, useSearchParams } from 'react-router'

import { useSession } from '../../api/session.ts'
import { useAges } from '../../ui/ages.ts'
import { factList } from '../../ui/fact-list.ts'
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
  const roles = useSession((state) => state.session?.who.roles) ?? []
  return (
    <Page
      title={name}
      query={query}
      within={{ to: '/destinations', text: t('nav.destinations') }}
      actions={
        destination && mayUse(roles, 'feeds.manage') ? (
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
  const { t } = useTranslation()
  const { ago } = useAges()
  const now = useNow(5000)
  const { address, isTls, messages, waiting, reason, failures } = destination
  const oldest = waiting.oldest === undefined ? '' : ` · ${ago(Date.parse(waiting.oldest), now)}`
  return (
    <Box component="dl" sx={factList}>
      <div>
        <dt>{t('message.state')}</dt>
        <dd>
          <DestinationState destination={destination} />{' '}
          {failures > 0 ? t('destinations.failures', { n: failures }) : undefined}
        </dd>
      </div>
      <div>
        <dt>{t('destinations.address')}</dt>
        <dd>
          <bdi dir="ltr">{`${isTls ? 'TLS ' : ''}${address}`}</bdi>
        </dd>
      </div>
      <div>
        <dt>{t('destinations.messages')}</dt>
        <dd>
          <bdi dir="ltr">{messages.join(', ')}</bdi>
        </dd>
      </div>
      <div>
        <dt>{t('feeds.waiting')}</dt>
        <dd>{`${waiting.count}${waiting.isMore ? '+' : ''}${oldest}`}</dd>
      </div>
      {reason === undefined ? undefined : (
        <div>
          <dt>{t('destinations.why')}</dt>
          <dd>
            <bdi lang="en">{reason}</bdi>
          </dd>
        </div>
      )}
    </Box>
  )
}

interface StateFilterProps {
  readonly state: string
  readonly apply: (state: string) => void
}

function StateFilter({ state, apply }: StateFilterProps) {
  const { t } = useTranslation()
  return (
    <Box component="label" sx={filter}>
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
  const roles = useSession((state) => state.session?.who.roles) ?? []
  if (!mayUse(roles, 'messages.replay') || (dead.count === 0 && !retry.isSuccess && !retry.isError))
    return undefined
  return (
    <>
      {dead.count === 0 ? undefined : (
        <Button variant="outlined" disabled={retry.isPending} onClick={() => retry.mutate(name)}>
          {t('destinations.retryAll', { n: dead.count })}
        </Button>
      )}
      {retry.isSuccess ? (
        <span role="status">{t('destinations.retried', { n: retry.data.count })}</span>
      ) : undefined}
      {retry.isError ? <ProblemCard error={retry.error} /> : undefined}
    </>
  )
}

const filter = {
  display: 'flex',
  alignItems: 'center',
  gap: 1.5,
  '& > span': { fontSize: 12, color: 'text.secondary' },
  '& select': {
    height: 32,
    px: 1.5,
    font: 'inherit',
    color: 'text.primary',
    bgcolor: 'background.paper',
    border: 'var(--mg-line) solid var(--mg-palette-control-line)',
    borderRadius: 1,
  },
} as const
