import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useTranslation } from 'react-i18next'

interface PageTurnerProps {
  /** Index of the first item that is shown. */
  readonly start: number
  readonly atOnce: number
  readonly total: number
  readonly turn: (start: number) => void
}

/** Leads through a long list in parts; nothing for a short one. */
export function PageTurner({ start, atOnce, total, turn }: PageTurnerProps) {
  const { t } = useTranslation()
  if (total <= atOnce) return undefined
  const end = Math.min(start + atOnce, total)
  return (
    <Box sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: 2, mb: 3 }}>
      <span role="status">{t('part.range', { from: start + 1, to: end, total })}</span>
      <Button variant="outlined" disabled={start === 0} onClick={() => turn(start - atOnce)}>
        {t('part.earlier')}
      </Button>
      <Button variant="outlined" disabled={end === total} onClick={() => turn(start + atOnce)}>
        {t('part.later')}
      </Button>
    </Box>
  )
}
