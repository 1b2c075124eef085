import type { MessageState } from '@hub/hl7/hl7.contract.ts'
import Box from '@mui/material/Box'
import { useTranslation } from 'react-i18next'
import type { z } from 'zod'

type State = z.infer<typeof MessageState>

const LOOKS: Readonly<
  Record<State, { readonly colour: 'ok' | 'info' | 'stale' | 'high'; readonly mark: string }>
> = {
  received: { colour: 'info', mark: '○' },
  mapped: { colour: 'info', mark: '◐' },
  committed: { colour: 'ok', mark: '●' },
  duplicate: { colour: 'stale', mark: '=' },
  rejected: { colour: 'high', mark: '×' },
  parked: { colour: 'stale', mark: '‖' },
  dead: { colour: 'high', mark: '×' },
  discarded: { colour: 'stale', mark: '–' },
}

export function StateChip({ state }: { readonly state: State }) {
  const { t } = useTranslation()
  const { colour, mark } = LOOKS[state]
  return (
    <Box component="span" sx={{ ...chip, color: `flag.${colour}Text`, bgcolor: `flag.${colour}Soft` }}>
      <span aria-hidden="true">{mark}</span> {t(`state.${state}`)}
    </Box>
  )
}

const chip = {
  px: 1,
  borderRadius: 1,
  fontSize: 12,
  lineHeight: '18px',
  fontWeight: 600,
  whiteSpace: 'nowrap',
} as const
