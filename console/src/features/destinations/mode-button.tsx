import Button from '@mui/material/Button'
import { useTranslation } from 'react-i18next'

import { rowButton } from '../../ui/row-button.ts'
import type { Destination, Mode } from './destinations.data.ts'

interface ModeButtonProps {
  readonly destination: Destination
  readonly setMode: (change: { readonly name: string; readonly mode: Mode }) => void
  /** In a row of a table, where buttons have no frames. */
  readonly isInRow?: boolean
}

export function ModeButton({ destination: { name, mode }, setMode, isInRow = false }: ModeButtonProps) {
  const { t } = useTranslation()
  const other = mode === 'running' ? 'paused' : 'running'
  return (
    <Button
      {...(isInRow ? { sx: rowButton } : { variant: 'outlined' })}
      title={t(`destinations.state.${other}.note`)}
      aria-label={`${t(`feeds.do.${other}`)} ${name}`}
      onClick={() => setMode({ name, mode: other })}
    >
      {t(`feeds.do.${other}`)}
    </Button>
  )
}
