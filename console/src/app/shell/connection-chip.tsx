import Box from '@mui/material/Box'
import { useTranslation } from 'react-i18next'

import { useLink } from '../../api/socket.ts'
import { useNow } from '../../ui/now.ts'

/** Whether what is on the screen is as fresh as the hub: said by a word, a mark and a colour. */
export function ConnectionChip() {
  const { t } = useTranslation()
  const { state, heardAt } = useLink()
  const now = useNow(1000)
  const seconds = Math.max(0, Math.round((now - heardAt) / 1000))
  const look = LOOKS[state]
  return (
    <Box
      role="status"
      data-link={state}
      title={t(`link.${state}Note`)}
      sx={{ ...chip, color: `flag.${look.colour}Text`, bgcolor: `flag.${look.colour}Soft` }}
    >
      <span aria-hidden="true">{look.mark}</span>
      {state === 'delayed' ? t('link.delayed', { seconds }) : t(`link.${state}`)}
    </Box>
  )
}

const LOOKS = {
  connecting: { colour: 'stale', mark: '◌' },
  live: { colour: 'ok', mark: '●' },
  delayed: { colour: 'stale', mark: '◐' },
  offline: { colour: 'high', mark: '○' },
} as const

const chip = {
  display: 'inline-flex',
  alignItems: 'center',
  gap: 1.5,
  px: 2,
  height: 24,
  borderRadius: 1,
  fontSize: 12,
  fontWeight: 600,
  whiteSpace: 'nowrap',
} as const
