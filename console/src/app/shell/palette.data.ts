import { may, mayUse } from '@hub/auth/permissions.ts'
import type { Role } from '@hub/auth/permissions.ts'
import { useDeferredValue } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'

import { signOut } from '../../api/session.ts'
import { usePatients } from '../../features/patients/patients.data.ts'
import { clinicalDate } from '../../ui/dates.ts'
import { FEATURES, homeOf } from '../features.ts'
import { choose } from '../language.ts'
import { LANGUAGES, OWN_NAMES, THEMES, usePreferences } from '../preferences.ts'

export interface Item {
  readonly group: 'pages' | 'patients' | 'actions'
  readonly text: string
  /** What tells it from others: shown beside it, each piece in its own direction. */
  readonly notes: readonly string[]
  readonly run: () => void
}

const PATIENTS_SHOWN = 8
const LEAST_LETTERS = 2

/** What matches the typed words: pages that the roles may open, patients of the record, actions. */
export function usePaletteItems(typed: string, roles: readonly Role[]): readonly Item[] {
  const own = [...usePages(roles), ...useActions()].filter(({ text }) => matches(text, typed))
  const patients = usePatientItems(typed, roles)
  const inGroup = (group: Item['group']) => own.filter((item) => item.group === group)
  return [...inGroup('pages'), ...patients, ...inGroup('actions')]
}

function usePages(roles: readonly Role[]): readonly Item[] {
  const { t } = useTranslation()
  const navigate = useNavigate()
  return FEATURES.flatMap((feature) =>
    feature.nav && feature.allowed(roles)
      ? [
          {
            group: 'pages' as const,
            text: t(feature.nav.text),
            notes: [`g ${feature.nav.key}`],
            run: () => void navigate(homeOf(feature)),
          },
        ]
      : [],
  )
}

function usePatientItems(typed: string, roles: readonly Role[]): readonly Item[] {
  const { t, i18n } = useTranslation()
  const navigate = useNavigate()
  const text = useDeferredValue(typed.trim())
  const isAsked =
    text.length >= LEAST_LETTERS && may(roles, 'search', 'Patient') && mayUse(roles, 'chart.read')
  const { data } = usePatients(text, isAsked)
  if (!isAsked) return []
  return (data?.rows ?? []).slice(0, PATIENTS_SHOWN).map(({ id, name, birthDate, numbers, isMerged }) => ({
    group: 'patients' as const,
    text: name === '' ? t('patient.nameless') : name,
    notes: [
      ...(isMerged ? [t('patient.merged')] : []),
      ...(birthDate === undefined ? [] : [clinicalDate(birthDate, i18n.language)]),
      ...numbers.slice(0, 1).map((number) => number.text),
    ],
    run: () => void navigate(`/patients/${id}`),
  }))
}

function useActions(): readonly Item[] {
  const { t } = useTranslation()
  const group = 'actions' as const
  return [
    ...THEMES.map((theme) => ({
      group,
      text: t('palette.theme', { name: t(`theme.${theme}`) }),
      notes: [],
      run: () => usePreferences.setState({ theme }),
    })),
    ...LANGUAGES.map((language) => ({
      group,
      text: t('palette.language', { name: OWN_NAMES[language] }),
      notes: [],
      run: () => void choose(language),
    })),
    { group, text: t('menu.signOut'), notes: [], run: signOut },
  ]
}

/** Every typed word begins a word of the text; case and accents do not count. */
export function matches(text: string, typed: string): boolean {
  const words = folded(text).split(/[\s:,]+/)
  return folded(typed)
    .split(/\s+/)
    .every((part) => words.some((word) => word.startsWith(part)))
}

function folded(text: string): string {
  return text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase().trim()
}
