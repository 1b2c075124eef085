import Box from '@mui/material/Box'
import OutlinedInput from '@mui/material/OutlinedInput'
import type { OutlinedInputProps } from '@mui/material/OutlinedInput'
import { useId } from 'react'

interface FieldProps extends OutlinedInputProps {
  readonly label: string
  /** What is wrong with the entry and what to do. */
  readonly problem?: string | undefined
}

/** A text field with its label above it, where it stays readable while one types. */
export function Field({ label, problem, ...input }: FieldProps) {
  const id = useId()
  return (
    <Box sx={{ display: 'grid', gap: 1 }}>
      <label htmlFor={id}>{label}</label>
      <OutlinedInput
        id={id}
        fullWidth
        error={problem !== undefined}
        {...(problem === undefined ? {} : { 'aria-describedby': `${id}-problem` })}
        {...input}
      />
      {problem === undefined ? undefined : (
        <Box component="span" id={`${id}-problem`} sx={{ color: 'flag.highText', fontSize: 12 }}>
          {problem}
        </Box>
      )}
    </Box>
  )
}
