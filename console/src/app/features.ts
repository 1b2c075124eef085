import { mayUse } from '@hub/auth/permissions.ts'
import type { Role } from '@hub/auth/permissions.ts'
import type { ComponentType } from 'react'

import type { IconName } from '../ui/icon.tsx'

type Roles = readonly Role[]

export interface Feature {
  /** Address below `/`, in the syntax of react-router. */
  readonly path: string
  /** Asked of the permission table that the server uses, too. */
  readonly allowed: (roles: Roles) => boolean
  readonly load: () => Promise<{ readonly Component: ComponentType }>
  /** Entry of the rail; `key` is the second letter of `g w`. Pages without one are reached from another page. */
  readonly nav?: {
    readonly group: 'work' | 'patients' | 'interop'
    readonly text: 'nav.ward' | 'nav.patients' | 'nav.messages' | 'nav.worklist'
    readonly icon: IconName
    readonly key: string
  }
}

/** The pages of the console, in the order of the rail. */
export const FEATURES: readonly Feature[] = [
  {
    path: 'ward/:wardId?',
    allowed: (roles) => mayUse(roles, 'ward.read'),
    nav: { group: 'work', text: 'nav.ward', icon: 'bed', key: 'w' },
    load: async () => ({ Component: (await import('../features/ward/ward.page.tsx')).WardPage }),
  },
]

/** Where the rail entry leads: the address without its parameters. */
export function homeOf({ path }: Feature): string {
  return `/${path.split('/:')[0] ?? ''}`
}
