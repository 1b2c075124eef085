import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useTranslation } from 'react-i18next'

import { inlineControl } from '../../ui/inline-control.ts'
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
  const take = (form: FormData) => {
    const texts = [...form].flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : []))
    apply(filtersOf(new URLSearchParams(texts)))
  }
  return (
    <Box key={JSON.stringify(filters)} component="form" action={take} sx={bar}>
      <label>
        <span>{t('message.state')}</span>
        <select
          name="state"
          defaultValue={filters.state ?? ''}
          onChange={({ target }) => target.form?.requestSubmit()}
        >
          <option value="">{t('filter.all')}</option>
          {STATES.map((state) => (
            <option key={state} value={state}>
              {t(`state.${state}`)}
            </option>
          ))}
        </select>
      </label>
      <TextFilters filters={filters} />
      <label>
        <span>{t('message.received')}</span>
        <select
          name="within"
          defaultValue={filters.within ?? ''}
          onChange={({ target }) => target.form?.requestSubmit()}
        >
          <option value="">{t('filter.anyTime')}</option>
          {WITHIN.map((within) => (
            <option key={within} value={within}>
              {t(`filter.within.${within}`)}
            </option>
          ))}
        </select>
      </label>
      <Button type="submit" variant="outlined">
        {t('filter.apply')}
      </Button>
      {Object.keys(filters).length === 0 ? undefined : (
        <Button onClick={() => apply({})}>{t('filter.clear')}</Button>
      )}
    </Box>
  )
}

const TEXTS = [
  { name: 'type', text: 'message.type', size: 8, placeholder: 'ADT^A01' },
  { name: 'controlId', text: 'message.control', size: 14 },
  { name: 'sender', text: 'message.sender', size: 16 },
  { name: 'feed', text: 'message.feed', size: 10 },
] as const
/** Set by links only, and kept. */
const HIDDEN = ['cause', 'patient'] as const

function TextFilters({ filters }: { readonly filters: Filters }) {
  const { t } = useTranslation()
  return (
    <>
      {TEXTS.map(({ name, text, size, ...rest }) => (
        <label key={name}>
          <span>{t(text)}</span>
          <input name={name} dir="ltr" size={size} defaultValue={filters[name] ?? ''} {...rest} />
        </label>
      ))}
      {HIDDEN.map((name) => (
        <input key={name} type="hidden" name={name} value={filters[name] ?? ''} />
      ))}
    </>
  )
}

const bar = {
  display: 'flex',
  alignItems: 'center',
  flexWrap: 'wrap',
  gap: 3,
  '& label': inlineControl,
} as const
