import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import { useId, useState } from 'react'
import type { ComponentProps, ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

import { ProblemCard } from './problem-card.tsx'

interface AskFirstProps extends Pick<ComponentProps<typeof Button>, 'sx' | 'variant' | 'disabled'> {
  readonly text: string
  /** Of the button in its row, where several rows have one. */
  readonly label?: string
  /** The question, with the number or name of what is meant. */
  readonly title: string
  readonly answer: string
  readonly command: {
    readonly isPending: boolean
    readonly error: unknown
    readonly reset: () => void
  }
  /** Does it; `close` once it is done. */
  readonly run: (close: () => void) => void
  /** Says what it will do; made when the dialog opens. */
  readonly children: ReactNode
}

/** A button of which much depends: it says what will happen, and asks. */
export function AskFirst(props: AskFirstProps) {
  const { text, label, title, answer, command, run, children, ...look } = props
  const { t } = useTranslation()
  const [isOpen, setOpen] = useState(false)
  const id = useId()
  const close = () => setOpen(false)
  const open = () => {
    command.reset()
    setOpen(true)
  }
  return (
    <>
      <Button {...look} {...(label === undefined ? {} : { 'aria-label': label })} onClick={open}>
        {text}
      </Button>
      {isOpen ? (
        <Dialog open onClose={close} maxWidth="sm" fullWidth aria-labelledby={id}>
          <DialogTitle id={id} variant="h2">
            {title}
          </DialogTitle>
          <DialogContent sx={{ display: 'grid', gridTemplateColumns: 'minmax(0, 1fr)', gap: 3 }}>
            {command.error ? <ProblemCard error={command.error} /> : undefined}
            {children}
          </DialogContent>
          <DialogActions>
            <Button onClick={close}>{t('dialog.cancel')}</Button>
            <Button variant="outlined" disabled={command.isPending} onClick={() => run(close)}>
              {answer}
            </Button>
          </DialogActions>
        </Dialog>
      ) : undefined}
    </>
  )
}
