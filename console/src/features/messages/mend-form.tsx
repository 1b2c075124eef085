import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Typography from '@mui/material/Typography'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'

import { clinicalInstant } from '../../ui/dates.ts'
import { useDraft } from '../../ui/draft.ts'
import { Field } from '../../ui/field.tsx'
import { ProblemCard } from '../../ui/problem-card.tsx'
import { textArea } from '../../ui/text-area.ts'
import { useDiscard, useMend } from './messages.data.ts'
import type { Message } from './messages.data.ts'
import { Changes, Done } from './replay-dialog.tsx'

/** Corrects the text of a message: what it would change is shown first, what the sender sent is kept. */
export function MendForm({ message }: { readonly message: Message }) {
  const { t, i18n } = useTranslation()
  const last = message.edits.at(-1)
  const current = message.raw.replaceAll(/\r\n?/g, '\n')
  const draft = useDraft(`mend ${message.id}`, current)
  const [checked, setChecked] = useState<string | undefined>()
  const mend = useMend(message.id)
  const id = useId()
  if (message.isCut) return <Typography>{t('mend.tooLong')}</Typography>
  const isChecked = checked === draft.text && mend.data?.dryRun === true
  const check = () => {
    setChecked(draft.text)
    mend.mutate({ text: draft.text, dryRun: true })
  }
  return (
    <Box sx={{ display: 'grid', gap: 3, maxWidth: 1120 }}>
      <Typography>{t('mend.explain')}</Typography>
      {last === undefined ? undefined : (
        <Typography>
          {t('mend.again', { who: last.by, at: clinicalInstant(last.time, i18n.language) })}
        </Typography>
      )}
      <label htmlFor={id}>{t('mend.text')}</label>
      <Box
        component="textarea"
        id={id}
        dir="ltr"
        rows={14}
        spellCheck={false}
        value={draft.text}
        onChange={({ target }) => draft.write(target.value)}
        sx={textArea}
      />
      <Box sx={{ display: 'flex', gap: 2, alignItems: 'center', flexWrap: 'wrap' }}>
        <Button variant="outlined" disabled={mend.isPending} onClick={check}>
          {t('mend.check')}
        </Button>
        <Button
          variant="contained"
          disabled={!isChecked || mend.isPending}
          onClick={() => mend.mutate({ text: draft.text, dryRun: false }, { onSuccess: draft.drop })}
        >
          {t('mend.do')}
        </Button>
        {draft.isDraft ? (
          <>
            <Button onClick={draft.drop}>{t('mend.undo')}</Button>
            <Typography variant="caption">{t('draft.kept')}</Typography>
          </>
        ) : undefined}
      </Box>
      {mend.isError ? <ProblemCard error={mend.error} /> : undefined}
      {isChecked && mend.data ? <Changes answer={mend.data} /> : undefined}
      {mend.data?.dryRun === false ? <Done answer={mend.data} /> : undefined}
      <DiscardForm message={message} />
    </Box>
  )
}

function DiscardForm({ message: { id, state } }: { readonly message: Message }) {
  const { t } = useTranslation()
  const [reason, setReason] = useState('')
  const discard = useDiscard(id)
  // What waits goes on by itself once the failed one before it is mended or given up.
  if (state !== 'dead') return undefined
  return (
    <Box component="section" sx={{ borderTop: 'var(--mg-line) solid var(--mg-palette-divider)', pt: 3 }}>
      <Typography variant="h2">{t('discard.title')}</Typography>
      <Typography sx={{ mb: 2 }}>{t('discard.explain')}</Typography>
      <Box sx={{ display: 'flex', gap: 2, alignItems: 'end' }}>
        <Box sx={{ flexGrow: 1, maxWidth: 480 }}>
          <Field
            label={t('discard.reason')}
            value={reason}
            onChange={({ target }) => setReason(target.value)}
            inputProps={{ maxLength: 400 }}
          />
        </Box>
        <Button
          variant="outlined"
          sx={{ height: 36 }}
          disabled={reason.trim() === '' || discard.isPending}
          onClick={() => discard.mutate(reason.trim())}
        >
          {t('discard.do')}
        </Button>
      </Box>
      {discard.isError ? <ProblemCard error={discard.error} /> : undefined}
    </Box>
  )
}
