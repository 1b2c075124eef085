import { useTranslation } from 'react-i18next'

import type { TestRow } from './results.ts'

/** The name of a test: of a vital sign in the language of the page, else as the record says it. */
export function useTestLabel(): (test: Pick<TestRow, 'label' | 'vital'>) => string {
  const { t } = useTranslation()
  return ({ label, vital }) => (vital === undefined ? label : t(`vital.${vital}.name`))
}
