import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useTranslation } from 'react-i18next'

interface PagerProps {
  /** Where the page that is shown begins; absent for the first one. */
  readonly cursor: string | undefined
  /** Where the page behind it begins; absent for the last one. */
  readonly next: string | undefined
  /** Opens the page behind this place. */
  readonly goOn: (cursor: string) => void
}

/** Under a list that is the newest first: pages are places in the history of the browser, so back is newer. */
export function Pager({ cursor, next, goOn }: PagerProps) {
  const { t } = useTranslation()
  return (
    <Box sx={{ display: 'flex', gap: 2, mt: 3 }}>
      {cursor === undefined ? undefined : (
        <Button variant="outlined" onClick={() => history.back()}>
          {t('messages.newer')}
        </Button>
      )}
      {next === undefined ? undefined : (
        <Button variant="outlined" onClick={() => goOn(next)}>
          {t('messages.older')}
        </Button>
      )}
    </Box>
  )
}
