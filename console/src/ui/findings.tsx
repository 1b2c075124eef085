import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import { useTranslation } from 'react-i18next'

import { Chip } from './chip.tsx'
import type { Finding } from './field-tree.ts'
import { Heads } from './heads.tsx'
import { Sheet } from './sheet.tsx'

/** What the hub noticed in a message: what stopped it, and what it passed over. */
export function Findings({ findings }: { readonly findings: readonly Finding[] }) {
  const { t } = useTranslation()
  return (
    <Box>
      <Typography variant="h2" sx={{ mb: 2 }}>
        {t('course.findings')}
      </Typography>
      <Sheet>
        <Heads of={[t('finding.kind'), t('finding.at'), t('finding.text')]} />
        <tbody>
          {findings.map(({ kind, at, text }) => (
            <tr key={`${kind} ${at} ${text}`}>
              <td className="unit">
                <Chip {...LOOKS[kind]}>{t(`finding.${kind}`)}</Chip>
              </td>
              <td className="unit">
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

const LOOKS = { error: { colour: 'high', mark: '×' }, warning: { colour: 'stale', mark: '–' } } as const
