import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import { useTranslation } from 'react-i18next'

import { DataText } from '../../ui/data-text.tsx'
import { Heads } from '../../ui/heads.tsx'
import { Body } from '../../ui/page.tsx'
import { ProblemCard } from '../../ui/problem-card.tsx'
import { Sheet } from '../../ui/sheet.tsx'
import { useRehearsal, useReplay } from './messages.data.ts'
import type { Replay } from './messages.data.ts'

interface ReplayDialogProps {
  readonly messageId: string
  readonly open: boolean
  readonly close: () => void
}

/** Shows what a replay would change before it is done. */
export function ReplayDialog({ messageId, open, close }: ReplayDialogProps) {
  const { t } = useTranslation()
  const rehearsal = useRehearsal(messageId, open)
  const replay = useReplay(messageId)
  return (
    <Dialog open={open} onClose={close} maxWidth="md" fullWidth aria-labelledby="replay-title">
      <DialogTitle id="replay-title" variant="h2">
        {t('replay.title')}
      </DialogTitle>
      <DialogContent>
        {replay.isError ? <ProblemCard error={replay.error} /> : undefined}
        {replay.isSuccess ? (
          <Done answer={replay.data} />
        ) : (
          <Body
            query={rehearsal}
            isEmpty={({ changes, conflicts }) => changes.length + conflicts.length === 0}
            empty={t('replay.nothing')}
          >
            {(answer) => <Changes answer={answer} />}
          </Body>
        )}
      </DialogContent>
      <DialogActions>
        <Button onClick={close}>{t('dialog.close')}</Button>
        {replay.isSuccess ? undefined : (
          <Button
            variant="outlined"
            disabled={!rehearsal.isSuccess || replay.isPending}
            onClick={() => replay.mutate()}
          >
            {t('replay.do')}
          </Button>
        )}
      </DialogActions>
    </Dialog>
  )
}

/** How it ended, and why where it failed again. */
export function Done({ answer: { state, reason } }: { readonly answer: Replay }) {
  const { t } = useTranslation()
  return (
    <p role="status">
      {t('replay.done', { state: t(`state.${state}`) })} {reason ? <bdi lang="en">{reason}</bdi> : undefined}
    </p>
  )
}

export function Changes({ answer: { changes, conflicts } }: { readonly answer: Replay }) {
  const { t } = useTranslation()
  return (
    <Box sx={{ display: 'grid', gap: 3 }}>
      <p>
        {changes.length + conflicts.length === 0
          ? t('replay.nothing')
          : t('replay.explain', { changes: changes.length, conflicts: conflicts.length })}
      </p>
      {changes.length === 0 ? undefined : (
        <Sheet>
          <Heads of={[t('replay.element'), t('replay.before'), t('replay.after')]} />
          <tbody>
            {changes.map(({ reference, element, before, after }) => (
              <tr key={`${reference} ${element}`}>
                <td className="long">
                  <bdi dir="ltr">{reference}</bdi>
                  <br />
                  <bdi dir="ltr">{element}</bdi>
                </td>
                <td className="long">
                  <DataText text={before ?? '–'} />
                </td>
                <td className="long">
                  <DataText text={after ?? '–'} />
                </td>
              </tr>
            ))}
          </tbody>
        </Sheet>
      )}
    </Box>
  )
}
