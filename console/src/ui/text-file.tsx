import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

interface TextFileProps {
  /** Name or path of the file, over it. */
  readonly name: string
  readonly text: string
}

/** The text of a file that is to be taken elsewhere: by the clipboard, or saved. */
export function TextFile({ name, text }: TextFileProps) {
  const { t } = useTranslation()
  return (
    <Box component="figure" sx={card}>
      <Box component="figcaption" sx={{ display: 'flex', alignItems: 'center', gap: 2, px: 3, py: 1 }}>
        <Box component="bdi" dir="ltr" sx={{ fontWeight: 600, overflowWrap: 'anywhere', flexGrow: 1 }}>
          {name}
        </Box>
        <CopyButton name={name} text={text} />
        <Button
          size="small"
          component="a"
          href={`data:text/plain;charset=utf-8,${encodeURIComponent(text)}`}
          download={name.slice(name.lastIndexOf('/') + 1)}
          aria-label={`${t('file.save')} ${name}`}
        >
          {t('file.save')}
        </Button>
      </Box>
      <Box component="pre" dir="ltr" translate="no" tabIndex={0} role="group" aria-label={name}>
        {text}
      </Box>
    </Box>
  )
}

function CopyButton({ name, text }: TextFileProps) {
  const { t } = useTranslation()
  const [isCopied, setCopied] = useState(false)
  // Browsers have no clipboard for pages that came over plain HTTP from elsewhere.
  const clipboard = navigator.clipboard as Clipboard | undefined
  if (clipboard === undefined) return undefined
  const copy = async () => {
    await clipboard.writeText(text)
    setCopied(true)
  }
  return (
    <Button size="small" aria-label={`${t('file.copy')} ${name}`} onClick={() => void copy()}>
      <span aria-live="polite">{isCopied ? t('file.copied') : t('file.copy')}</span>
    </Button>
  )
}

const card = {
  m: 0,
  bgcolor: 'background.paper',
  border: 'var(--mg-line) solid var(--mg-palette-divider)',
  borderRadius: 1,
  '& pre': {
    m: 0,
    p: 3,
    maxHeight: 420,
    overflow: 'auto',
    fontFamily: 'monospace',
    fontSize: 13,
    borderBlockStart: 'var(--mg-line) solid var(--mg-palette-divider)',
  },
} as const
