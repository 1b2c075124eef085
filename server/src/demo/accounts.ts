import type { Accounts } from '../auth/accounts.ts'
import type { Caller } from '../auth/caller.ts'
import type { Role } from '../auth/permissions.ts'

/** One person for each of the seven roles, for evaluation only: their accounts are marked and cannot sign in to a hub in production. */
const PEOPLE: readonly (readonly [login: string, name: string, role: Role])[] = [
  ['doctor', 'Dr. Amna Idris', 'doctor'],
  ['nurse', 'Joseph Lado', 'nurse'],
  ['reception', 'Huda Osman', 'receptionist'],
  ['lab', 'Samuel Akol', 'lab-technician'],
  ['pharmacy', 'Claire Bernard', 'pharmacist'],
  ['billing', 'Yusuf Karim', 'billing'],
  ['admin', 'Mary Wani', 'administrator'],
]
const PASSWORD = 'demo'

/** Creates the accounts that are not there yet. */
export async function createDemoAccounts(accounts: Accounts, by: Caller): Promise<void> {
  await Promise.all(
    PEOPLE.map(async ([login, name, role]) => {
      if (await accounts.byLogin(login)) return
      await accounts.create(by, {
        login,
        name,
        password: PASSWORD,
        roles: [role],
        facilities: 'all',
        demo: true,
      })
    }),
  )
}
