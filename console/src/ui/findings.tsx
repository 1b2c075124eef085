import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import { useTranslation } from 'react-i18next'

import { Heads } from './heads.tsx'
import { Sheet } from './sheet.tsx'

interface Finding {
  readonly at?: string | undefined
  readonly text: string
}

interface FindingsProps {
  readonly errors: readonly Finding[]
  readonly warnings: readonly Finding[]
}

/** What the hub noticed in a message: what stopped it, and what it passed over. */
export function Findings({ errors, warnings }: FindingsProps) {
  const { t } = useTranslation()
  const rows = [...rowsOf('error', errors), ...rowsOf('warning', warnings)]
  return (
    <Box>
      <Typography variant="h2" sx={{ mb: 2 }}>
        {t('course.findings')}
      </Typography>
      <Sheet>
        <Heads of={[t('finding.kind'), t('finding.at'), t('finding.text')]} />
        <tbody>
          {rows.map(({ finding: { at, text }, kind }) => (
            <tr key={`${kind} ${at} ${text}`}>
              <td style={{ whiteSpace: 'nowrap' }}>{t(`finding.${kind}`)}</td>
              <td>
                <bdi dir="ltr">{at}</bdi>
              </td>
              <td>
                <bdi lang="en">{text}</bdi>
              </td>
            </tr>
          ))}
        </tbody>
      </Sheet>
    </Box>
  )
}

/** The same finding at the same place is shown once. */
function rowsOf<Kind extends string>(kind: Kind, findings: readonly Finding[]) {
  const once = new Map(findings.map((finding) => [`${finding.at} ${finding.text}`, finding]))
  return [...once.values()].map((finding) => ({ finding, kind }))
}
