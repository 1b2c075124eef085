import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useId, useState } from 'react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

interface FoldOnPhoneProps {
  /** How many filters narrow the list. */
  readonly inForce: number
  readonly children: ReactNode
}

/** Filters stand behind a button on a phone: they would take half of its screen. */
export function FoldOnPhone({ inForce, children }: FoldOnPhoneProps) {
  const { t } = useTranslation()
  const [isOpen, setOpen] = useState(false)
  const id = useId()
  return (
    <>
      <Button
        variant="outlined"
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
        sx={{ display: { sm: 'none' } }}
      >
        {inForce === 0 ? t('filter.show') : t('filter.active', { n: inForce })}
      </Button>
      <Box
        id={id}
        sx={{ display: { xs: isOpen ? 'block' : 'none', sm: 'block' }, mt: { xs: isOpen ? 3 : 0, sm: 0 } }}
      >
        {children}
      </Box>
    </>
  )
}
