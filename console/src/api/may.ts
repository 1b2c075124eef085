import { mayUse, type Command } from '@hub/auth/permissions.ts'

import { useSession } from './session.ts'

/** Whether the person who is signed in may do this; the hub checks it again. */
export function useMay(command: Command): boolean {
  return useSession((state) => mayUse(state.session?.who.roles ?? [], command))
}
