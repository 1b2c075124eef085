import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Typography from '@mui/material/Typography'
import { useTranslation } from 'react-i18next'

import { Problem } from '../api/problem.ts'

interface ProblemCardProps {
  readonly error: unknown
  readonly retry?: () => unknown
}

/** What failed (a page to be read again, or a command), what to do about it, and the number to quote. The rest of the page stays usable. */
export function ProblemCard({ error, retry }: ProblemCardProps) {
  const { t } = useTranslation()
  const requestId = error instanceof Problem ? error.requestId : undefined
  return (
    <Box
      role="alert"
      sx={{
        border: 'var(--mg-line) solid',
        borderColor: 'divider',
        borderInlineStart: '3px solid var(--mg-palette-flag-highText)',
        borderRadius: 1,
        bgcolor: 'background.paper',
        p: 4,
        mb: 4,
        maxWidth: 720,
      }}
    >
      <Typography variant="h3">{t(retry === undefined ? 'problem.failed' : 'problem.title')}</Typography>
      {useTextsOf(error).map((text) => (
        <Typography key={text} sx={{ mt: 1 }}>
          {text}
        </Typography>
      ))}
      {requestId === undefined ? undefined : (
        <Typography variant="caption" component="p" sx={{ mt: 1, color: 'text.secondary' }}>
          {t('problem.request')} <bdi dir="ltr">{requestId}</bdi>
        </Typography>
      )}
      {retry === undefined ? undefined : (
        <Button variant="outlined" sx={{ mt: 3 }} onClick={() => void retry()}>
          {t('problem.retry')}
        </Button>
      )}
    </Box>
  )
}

/** The hub's own texts, else what the status means. */
function useTextsOf(error: unknown): readonly string[] {
  const { t } = useTranslation()
  if (!(error instanceof Problem)) return [t('problem.unexpected')]
  if (error.texts.length > 0) return error.texts
  if (error.status === 0) return [t('problem.unreachable')]
  if (error.status === 403) return [t('problem.forbidden')]
  if (error.status === 404) return [t('problem.notFound')]
  return [t('problem.status', { status: error.status })]
}
