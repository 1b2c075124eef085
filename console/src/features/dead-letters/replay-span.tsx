import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import Typography from '@mui/material/Typography'
import { useState } from 'react'
import type { SubmitEvent } from 'react'
import { useTranslation } from 'react-i18next'

import { useFeedNames } from '../../api/feeds.ts'
import { atLeast } from '../../ui/at-least.ts'
import { siteInstant } from '../../ui/dates.ts'
import { Field } from '../../ui/field.tsx'
import { ProblemCard } from '../../ui/problem-card.tsx'
import { site } from '../../ui/site.ts'
import { SPAN_STATES, useCountSpan, useStartJob } from './dead-letters.data.ts'
import type { Span } from './dead-letters.data.ts'

interface ReplaySpanProps {
  /** The feed that is offered first. */
  readonly feed: string
  readonly close: () => void
}

/** Processes all messages of a feed that came within a time span again, by the rules of today. */
export function ReplaySpan({ feed, close }: ReplaySpanProps) {
  const { t } = useTranslation()
  const replay = useStartJob()
  const count = useCountSpan()
  const [problem, setProblem] = useState<'from' | 'to' | undefined>()
  const isCounted = count.isSuccess && (count.data.count > 0 || count.data.isCut)
  const take = (event: SubmitEvent<HTMLFormElement>) => {
    // Not by `action`: that would empty the form when an entry is wrong.
    event.preventDefault()
    const span = spanOf(new FormData(event.currentTarget))
    setProblem(typeof span === 'string' ? span : undefined)
    if (typeof span === 'string') return
    // What is started is what was counted: an entry that changes asks for the count again.
    if (isCounted) replay.mutate(span, { onSuccess: close })
    else count.mutate(span)
  }
  return (
    <Dialog open onClose={close} maxWidth="sm" fullWidth aria-labelledby="span-title">
      <form onSubmit={take} onChange={count.reset} noValidate>
        <DialogTitle id="span-title" variant="h2">
          {t('span.title')}
        </DialogTitle>
        <DialogContent sx={{ display: 'grid', gridTemplateColumns: 'minmax(0, 1fr)', gap: 4 }}>
          {replay.isError ? <ProblemCard error={replay.error} /> : undefined}
          {count.isError ? <ProblemCard error={count.error} /> : undefined}
          <Typography>{t('span.explain', { zone: site.zone })}</Typography>
          <FeedField feed={feed} />
          <SpanFields problem={problem} />
          <Counted count={count} />
        </DialogContent>
        <DialogActions>
          <Button onClick={close}>{t('dialog.close')}</Button>
          <Button type="submit" variant="outlined" disabled={replay.isPending || count.isPending}>
            {t(isCounted ? 'span.do' : 'span.count')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

function SpanFields({ problem }: { readonly problem: 'from' | 'to' | undefined }) {
  const { t } = useTranslation()
  return (
    <Box sx={twoColumns}>
      {(['from', 'to'] as const).map((name) => (
        <Field
          key={name}
          name={name}
          type="datetime-local"
          label={t(`span.${name}`)}
          problem={problem === name ? t(`span.${name}.wrong`) : undefined}
        />
      ))}
      <StateField />
      <Field name="type" label={t('span.type')} placeholder="ADT^A01" slotProps={{ input: { dir: 'ltr' } }} />
    </Box>
  )
}

const twoColumns = {
  display: 'grid',
  gridTemplateColumns: { xs: 'minmax(0, 1fr)', sm: 'repeat(2, minmax(0, 1fr))' },
  alignItems: 'start',
  gap: 4,
} as const

/** How many messages it is about; said before it can be started. */
function Counted({ count }: { readonly count: ReturnType<typeof useCountSpan> }) {
  const { t, i18n } = useTranslation()
  const n = count.data && atLeast({ count: count.data.count, isMore: count.data.isCut }, i18n.language)
  return (
    <Typography role="status" sx={{ fontWeight: 600, minHeight: 20 }}>
      {count.isPending ? t('span.counting') : undefined}
      {n === undefined
        ? undefined
        : t(count.data?.count === 0 && !count.data.isCut ? 'span.nothing' : 'span.counted', { n })}
    </Typography>
  )
}

/** @returns which entry is wrong */
function spanOf(form: FormData): Span | 'from' | 'to' {
  const text = (name: string) => {
    const value = form.get(name)
    return typeof value === 'string' ? value.trim() : ''
  }
  const from = siteInstant(text('from'))
  const to = siteInstant(text('to'))
  if (from === undefined) return 'from'
  if (to === undefined || to <= from) return 'to'
  const state = SPAN_STATES.find((one) => one === text('state'))
  const type = text('type')
  return { feed: text('feed'), from, to, ...(state && { state }), ...(type !== '' && { type }) }
}

function FeedField({ feed }: { readonly feed: string }) {
  const { t } = useTranslation()
  const { data: names = feed === '' ? [] : [feed] } = useFeedNames()
  return (
    <Box component="label" sx={choice}>
      {t('message.feed')}
      <select name="feed" key={names.join(' ')} defaultValue={feed}>
        {names.map((name) => (
          <option key={name} value={name} translate="no" dir="auto">
            {name}
          </option>
        ))}
      </select>
    </Box>
  )
}

function StateField() {
  const { t } = useTranslation()
  return (
    <Box component="label" sx={choice}>
      {t('message.state')}
      <select name="state" defaultValue="">
        <option value="">{t('filter.all')}</option>
        {SPAN_STATES.map((state) => (
          <option key={state} value={state}>
            {t(`state.${state}`)}
          </option>
        ))}
      </select>
    </Box>
  )
}

const choice = {
  display: 'grid',
  gap: 1,
  '& select': {
    width: '100%',
    height: 36,
    px: 2,
    font: 'inherit',
    color: 'text.primary',
    bgcolor: 'background.paper',
    border: 'var(--mg-line) solid var(--mg-palette-control-line)',
    borderRadius: 1,
  },
} as const
