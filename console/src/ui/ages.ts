import { useTranslation } from 'react-i18next'

import { ageOf, agoOf } from './dates.ts'

/** Short words for ages and for how old a value is: `45 y`, `12 min`. */
export function useAges() {
  const { t } = useTranslation()
  return {
    age: (birthDate: string, nowMs: number) => {
      const { unit, count } = ageOf(birthDate, nowMs)
      return t(`age.${unit}`, { n: count })
    },
    ago: (atMs: number, nowMs: number) => {
      const { unit, count } = agoOf(atMs, nowMs)
      return unit === 'minutes' && count === 0 ? t('age.now') : t(`age.${unit}`, { n: count })
    },
  }
}
