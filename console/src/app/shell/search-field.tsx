import Box from '@mui/material/Box'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'

import { Icon } from '../../ui/icon.tsx'

export const SEARCH_ID = 'search-patients'

/** Finds patients by name, number or date of birth from everywhere; `/` leads into it. */
export function SearchField() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const search = (form: FormData) => {
    const q = form.get('q')
    if (typeof q === 'string') void navigate(`/patients?${new URLSearchParams({ q })}`)
  }
  return (
    <Box component="form" role="search" action={search} sx={field}>
      <Icon name="search" />
      <input
        id={SEARCH_ID}
        name="q"
        type="search"
        autoComplete="off"
        placeholder={t('search.placeholder')}
        aria-label={t('search.label')}
      />
      <kbd aria-hidden="true">/</kbd>
    </Box>
  )
}

const field = {
  display: 'flex',
  alignItems: 'center',
  gap: 1.5,
  height: 32,
  // As wide as there is room for, on a tablet, too.
  flex: '0 1 360px',
  minWidth: 0,
  px: 2,
  border: 'var(--mg-line) solid var(--mg-palette-control-line)',
  borderRadius: 1,
  color: 'text.secondary',
  '& input': {
    border: 0,
    outline: 'none',
    bgcolor: 'transparent',
    color: 'text.primary',
    font: 'inherit',
    flexGrow: 1,
    minWidth: 0,
  },
  '& input::placeholder': { color: 'text.secondary', opacity: 1 },
  '& kbd': {
    font: 'inherit',
    fontSize: 12,
    border: '1px solid',
    borderColor: 'divider',
    borderRadius: 1,
    px: 1,
  },
  '&:focus-within': { outline: '2px solid', outlineColor: 'primary.main', outlineOffset: -1 },
  '&:focus-within kbd': { visibility: 'hidden' },
} as const
