import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Typography from '@mui/material/Typography'
import { useTranslation } from 'react-i18next'

import { exactInstant } from '../../ui/dates.ts'
import { Findings } from '../../ui/findings.tsx'
import { Heads } from '../../ui/heads.tsx'
import { ProblemCard } from '../../ui/problem-card.tsx'
import { RawLines } from '../../ui/raw-lines.tsx'
import { Sheet } from '../../ui/sheet.tsx'
import { StateChip } from '../../ui/state-chip.tsx'
import { useSaveWhole } from './messages.data.ts'
import type { Message } from './messages.data.ts'

export function RawText({ message }: { readonly message: Message }) {
  const { t } = useTranslation()
  const { raw, isCut } = message
  const save = useSaveWhole(message)
  return (
    <>
      {isCut ? <Typography sx={{ mb: 2 }}>{t('message.cut')}</Typography> : undefined}
      {save.isError ? <ProblemCard error={save.error} /> : undefined}
      <Button variant="outlined" disabled={save.isPending} onClick={() => save.mutate()} sx={{ mb: 3 }}>
        {t('message.save')}
      </Button>
      <RawLines text={raw} label={t('message.tab.text')} />
    </>
  )
}

/** What happened to the message: its states, what the sender was told, what could not be mapped. */
export function Course({ message: { history, ack, findings } }: { readonly message: Message }) {
  const { t, i18n } = useTranslation()
  return (
    <Box sx={{ display: 'grid', gap: 4, maxWidth: 960 }}>
      <Sheet>
        <Heads of={[t('course.time'), t('message.state'), t('course.reason')]} />
        <tbody>
          {history.map(({ state, time, reason }) => (
            <tr key={`${time} ${state}`}>
              <td>
                <bdi>{exactInstant(time, i18n.language)}</bdi>
              </td>
              <td>
                <StateChip state={state} />
              </td>
              <td>{reason}</td>
            </tr>
          ))}
        </tbody>
      </Sheet>
      <Typography variant="h2">{t('course.ack')}</Typography>
      {ack === '' ? (
        <Typography>{t('course.noAck')}</Typography>
      ) : (
        <RawLines text={ack} label={t('course.ack')} />
      )}
      {findings.length === 0 ? undefined : <Findings findings={findings} />}
    </Box>
  )
}
