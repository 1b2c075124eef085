import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import Typography from '@mui/material/Typography'
import { useState } from 'react'
import type { SubmitEvent } from 'react'
import { useTranslation } from 'react-i18next'

import { Field } from '../../ui/field.tsx'
import { ProblemCard } from '../../ui/problem-card.tsx'
import { rowButton } from '../../ui/row-button.ts'
import { spanOfGroup, useStartJob } from './dead-letters.data.ts'
import type { Group } from './dead-letters.data.ts'
import { GroupFacts } from './replay-group.tsx'

interface GiveUpGroupProps {
  readonly group: Group
  readonly disabled: boolean
}

/** For what cannot be mended: says how many messages of which cause that are, and asks why. */
export function GiveUpGroup({ group, disabled }: GiveUpGroupProps) {
  const { t } = useTranslation()
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <Button sx={rowButton} disabled={disabled} onClick={() => setOpen(true)}>
        {t('dead.giveUp', { n: group.count })}
      </Button>
      {isOpen ? <GiveUpDialog group={group} close={() => setOpen(false)} /> : undefined}
    </>
  )
}

function GiveUpDialog({ group, close }: { readonly group: Group; readonly close: () => void }) {
  const { t } = useTranslation()
  const [reason, setReason] = useState('')
  const start = useStartJob()
  const take = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    start.mutate({ ...spanOfGroup(group), discard: reason.trim() }, { onSuccess: close })
  }
  return (
    <Dialog open onClose={close} maxWidth="sm" fullWidth aria-labelledby="give-up-title">
      <form onSubmit={take}>
        <DialogTitle id="give-up-title" variant="h2">
          {t('dead.giveUp.title', { n: group.count })}
        </DialogTitle>
        <DialogContent sx={{ display: 'grid', gap: 3 }}>
          {start.isError ? <ProblemCard error={start.error} /> : undefined}
          <GroupFacts group={group} />
          <Typography>{t('dead.giveUp.explain')}</Typography>
          <Field
            label={t('discard.reason')}
            value={reason}
            onChange={({ target }) => setReason(target.value)}
            inputProps={{ maxLength: 400 }}
          />
        </DialogContent>
        <DialogActions>
          <Button onClick={close}>{t('dialog.cancel')}</Button>
          <Button type="submit" variant="outlined" disabled={reason.trim() === '' || start.isPending}>
            {t('dead.giveUp.do', { n: group.count })}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
