import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import Typography from '@mui/material/Typography'
import { useTranslation } from 'react-i18next'

import { atLeast } from '../../ui/at-least.ts'
import type { FeedRow } from './feeds.data.ts'

interface StopDialogProps {
  readonly feed: FeedRow
  readonly stop: () => void
  readonly close: () => void
}

/** Says what becomes of the messages on both sides of the port before it is closed. */
export function StopDialog({ feed: { name, folder, perHour, waiting }, stop, close }: StopDialogProps) {
  const { t, i18n } = useTranslation()
  const doStop = () => {
    stop()
    close()
  }
  return (
    <Dialog open onClose={close} maxWidth="sm" aria-labelledby="stop-title">
      <DialogTitle id="stop-title" variant="h2">
        {t('feeds.stop.title', { name })}
      </DialogTitle>
      <DialogContent sx={{ display: 'grid', gap: 2 }}>
        <Typography>{t(folder === undefined ? 'feeds.stop.port' : 'feeds.stop.folder')}</Typography>
        <Typography>{t('feeds.stop.hour', { n: perHour })}</Typography>
        <Typography>{t('feeds.stop.waiting', { n: atLeast(waiting, i18n.language) })}</Typography>
      </DialogContent>
      <DialogActions>
        <Button onClick={close}>{t('dialog.cancel')}</Button>
        <Button variant="outlined" onClick={doStop}>
          {t('feeds.stop.do')}
        </Button>
      </DialogActions>
    </Dialog>
  )
}
