import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useTranslation } from 'react-i18next'

import { filtersOf, STATES } from './messages.data.ts'
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
      <label>
        <span>{t('message.type')}</span>
        <input name="type" dir="ltr" size={10} defaultValue={filters.type ?? ''} placeholder="ADT^A01" />
      </label>
      <label>
        <span>{t('message.feed')}</span>
        <input name="feed" dir="ltr" size={12} defaultValue={filters.feed ?? ''} />
      </label>
      <Button type="submit" variant="outlined">
        {t('filter.apply')}
      </Button>
    </Box>
  )
}

const bar = {
  display: 'flex',
  alignItems: 'center',
  flexWrap: 'wrap',
  gap: 3,
  '& label': { display: 'flex', alignItems: 'center', gap: 1.5 },
  '& label > span': { fontSize: 12, color: 'text.secondary' },
  '& input, & select': {
    height: 32,
    px: 1.5,
    font: 'inherit',
    color: 'text.primary',
    bgcolor: 'background.paper',
    border: 'var(--mg-line) solid var(--mg-palette-control-line)',
    borderRadius: 1,
  },
  '& input::placeholder': { color: 'text.secondary', opacity: 1 },
} as const
