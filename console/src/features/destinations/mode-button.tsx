import Button from '@mui/material/Button'
import { useTranslation } from 'react-i18next'

import type { Destination, Mode } from './destinations.data.ts'

interface ModeButtonProps {
  readonly destination: Destination
  readonly setMode: (change: { readonly name: string; readonly mode: Mode }) => void
}

export function ModeButton({ destination: { name, mode }, setMode }: ModeButtonProps) {
  const { t } = useTranslation()
  const other = mode === 'running' ? 'paused' : 'running'
  return (
    <Button
      sx={{ minHeight: 24, minWidth: 0, py: 0, px: 1, marginInlineStart: -1, fontSize: 13 }}
      title={t(`destinations.state.${other}.note`)}
      aria-label={`${t(`feeds.do.${other}`)} ${name}`}
      onClick={() => setMode({ name, mode: other })}
    >
      {t(`feeds.do.${other}`)}
    </Button>
  )
}
