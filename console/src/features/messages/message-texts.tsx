import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import { useTranslation } from 'react-i18next'

import { preciseInstant } from '../../ui/dates.ts'
import { Sheet } from '../../ui/sheet.tsx'
import { linesOf } from './messages.data.ts'
import type { Message } from './messages.data.ts'
import { StateChip } from './state-chip.tsx'

export function RawText({ message: { raw, isCut } }: { readonly message: Message }) {
  const { t } = useTranslation()
  return (
    <>
      {isCut ? <Typography sx={{ mb: 2 }}>{t('message.cut')}</Typography> : undefined}
      <Lines lines={linesOf(raw)} label={t('message.tab.text')} />
    </>
  )
}

/** What happened to the message: its states, what the sender was told, what could not be mapped. */
export function Course({ message: { history, ack, errors, warnings } }: { readonly message: Message }) {
  const { t, i18n } = useTranslation()
  return (
    <Box sx={{ display: 'grid', gap: 4, maxWidth: 960 }}>
      <Sheet>
        <thead>
          <tr>
            <th scope="col">{t('course.time')}</th>
            <th scope="col">{t('message.state')}</th>
            <th scope="col">{t('course.reason')}</th>
          </tr>
        </thead>
        <tbody>
          {history.map(({ state, time, reason }) => (
            <tr key={`${time} ${state}`}>
              <td>
                <bdi>{preciseInstant(time, i18n.language)}</bdi>
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
      {ack.length === 0 ? (
        <Typography>{t('course.noAck')}</Typography>
      ) : (
        <Lines lines={ack} label={t('course.ack')} />
      )}
      {errors.length + warnings.length === 0 ? undefined : (
        <>
          <Typography variant="h2">{t('course.findings')}</Typography>
          <ul>
            {errors.map(({ at, text }) => (
              <li key={`${at} ${text}`}>
                <bdi dir="ltr">{at}</bdi> {text}
              </li>
            ))}
            {warnings.map(({ at, text }) => (
              <li key={`${at} ${text}`}>
                <bdi dir="ltr">{at}</bdi> {text}
              </li>
            ))}
          </ul>
        </>
      )}
    </Box>
  )
}

function Lines({ lines, label }: { readonly lines: readonly string[]; readonly label: string }) {
  return (
    <Box component="pre" dir="ltr" tabIndex={0} role="group" aria-label={label} sx={text}>
      {lines.join('\n')}
    </Box>
  )
}

const text = {
  m: 0,
  p: 3,
  maxHeight: '70vh',
  overflow: 'auto',
  fontSize: 13,
  lineHeight: '20px',
  whiteSpace: 'pre-wrap',
  bgcolor: 'background.paper',
  border: 'var(--mg-line) solid var(--mg-palette-divider)',
  borderRadius: 1,
} as const
