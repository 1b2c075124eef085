import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useState } from 'react'
import type { ReactNode, SubmitEvent } from 'react'
import { useTranslation } from 'react-i18next'

import { useFeedNames } from '../../api/feeds.ts'
import { inlineControl } from '../../ui/inline-control.ts'
import { site } from '../../ui/site.ts'
import { FoldOnPhone } from './fold-on-phone.tsx'
import { filtersOf, STATES, WITHIN } from './messages.data.ts'
import type { Filters } from './messages.data.ts'

interface FilterBarProps {
  readonly filters: Filters
  /** Puts the filters into the address. */
  readonly apply: (filters: Filters) => void
}

/** Filters of the list; they live in the address, so a list can be sent to a colleague. */
export function FilterBar({ filters, apply }: FilterBarProps) {
  const { t } = useTranslation()
  const { round, expect } = useRound(JSON.stringify(filters))
  const take = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const texts = [...form].flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : []))
    const wanted = filtersOf(new URLSearchParams(texts))
    expect(JSON.stringify(wanted))
    apply(wanted)
  }
  return (
    <FoldOnPhone inForce={Object.keys(filters).filter((name) => !UNCOUNTED.has(name)).length}>
      <Box key={round} component="form" onSubmit={take} sx={bar}>
        <TextFilter name="number" label={t('message.numbers')} size={10} filters={filters} />
        <Choice name="state" label={t('message.state')} chosen={filters.state} none={t('filter.all')}>
          {STATES.map((state) => (
            <option key={state} value={state}>
              {t(`state.${state}`)}
            </option>
          ))}
        </Choice>
        <FeedChoice feed={filters.feed} />
        <TextFilter name="type" label={t('message.type')} size={8} placeholder="ADT^A01" filters={filters} />
        <TextFilter name="controlId" label={t('message.control')} size={11} filters={filters} />
        <TextFilter name="sender" label={t('message.sender')} size={10} filters={filters} />
        <Choice
          name="within"
          label={t('message.received')}
          chosen={filters.within}
          none={t('filter.anyTime')}
        >
          {WITHIN.map((within) => (
            <option key={within} value={within}>
              {t(`filter.within.${within}`)}
            </option>
          ))}
        </Choice>
        {filters.within === 'span' ? <Span filters={filters} /> : undefined}
        <Button type="submit" variant="outlined">
          {t('filter.apply')}
        </Button>
        {Object.keys(filters).length === 0 ? undefined : (
          <Button onClick={() => apply({})}>{t('filter.clear')}</Button>
        )}
        <ByLink filters={filters} />
      </Box>
    </FoldOnPhone>
  )
}

/** A page of the list, and the bounds of a span, are no filters of their own. */
const UNCOUNTED: ReadonlySet<string> = new Set(['cursor', 'from', 'to'])

/** Counts how often the filters changed from outside: then the form begins anew, while one's own entry keeps its focus. */
function useRound(filters: string) {
  const [{ known, round, own }, set] = useState({ known: filters, round: 0, own: filters })
  if (known !== filters) set({ known: filters, round: filters === own ? round : round + 1, own })
  return { round, expect: (next: string) => set({ known, round, own: next }) }
}

interface ChoiceProps {
  readonly name: string
  readonly label: string
  readonly chosen: string | undefined
  /** What stands there when nothing is chosen. */
  readonly none: string
  readonly children: ReactNode
}

/** Counts as soon as it is chosen. */
function Choice({ name, label, chosen, none, children }: ChoiceProps) {
  return (
    <label>
      <span>{label}</span>
      <select name={name} defaultValue={chosen ?? ''} onChange={({ target }) => target.form?.requestSubmit()}>
        <option value="">{none}</option>
        {children}
      </select>
    </label>
  )
}

function FeedChoice({ feed }: { readonly feed: string | undefined }) {
  const { t } = useTranslation()
  const { data: names = [] } = useFeedNames()
  const all = [...new Set([...(feed === undefined ? [] : [feed]), ...names])]
  return (
    <Choice name="feed" label={t('message.feed')} chosen={feed} none={t('filter.all')}>
      {all.map((name) => (
        <option key={name} value={name} translate="no" dir="auto">
          {name}
        </option>
      ))}
    </Choice>
  )
}

interface TextFilterProps {
  readonly name: 'number' | 'type' | 'controlId' | 'sender'
  readonly label: string
  readonly size: number
  readonly placeholder?: string
  readonly filters: Filters
}

function TextFilter({ name, label, filters, ...rest }: TextFilterProps) {
  return (
    <label>
      <span>{label}</span>
      <input
        name={name}
        dir="ltr"
        autoComplete="off"
        spellCheck={false}
        defaultValue={filters[name] ?? ''}
        {...rest}
      />
    </label>
  )
}

/** From and before, in the zone of the site. */
function Span({ filters }: { readonly filters: Filters }) {
  const { t } = useTranslation()
  return (['from', 'to'] as const).map((name) => (
    <label key={name} title={t('filter.zone', { zone: site.zone })}>
      <span>{t(`span.${name}`)}</span>
      <input type="datetime-local" name={name} defaultValue={filters[name] ?? ''} />
    </label>
  ))
}

/** Set by links only; said here and kept, until the filters are cleared. */
const BY_LINK = ['cause', 'patient'] as const

function ByLink({ filters }: { readonly filters: Filters }) {
  const { t } = useTranslation()
  return BY_LINK.map((name) =>
    filters[name] === undefined ? undefined : (
      <Box key={name} component="span" sx={{ color: 'text.secondary' }}>
        {t(`filter.${name}`)}
        <input type="hidden" name={name} value={filters[name]} />
      </Box>
    ),
  )
}

const bar = {
  display: { xs: 'grid', sm: 'flex' },
  alignItems: 'center',
  flexWrap: 'wrap',
  columnGap: 2.5,
  rowGap: 2,
  '& label': inlineControl,
} as const
