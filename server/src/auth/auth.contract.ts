import { z } from 'zod'

import { ROLES } from './permissions.ts'

/** Bodies of `/auth/*`, `/api/v1/me` and `/api/v1/accounts`, shared with the console. */
export const Login = z.object({ login: z.string().min(1).max(200), password: z.string().min(1).max(1024) })
export const Refresh = z.object({ refresh_token: z.string().min(1).max(200) })

/** What sign-in and refresh answer; `expires_in` in seconds. */
export const Tokens = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.number().int(),
  refresh_token: z.string(),
})

export const Me = z.object({
  subject: z.string(),
  name: z.string(),
  roles: z.array(z.enum(ROLES)),
  /** Commands below `/api`; what the roles may do with resource types is in the permission table. */
  permissions: z.array(z.string()),
  facilities: z.union([z.literal('all'), z.array(z.string())]),
  fhirUser: z.string().optional(),
  patient: z.string().optional(),
})

const Facilities = z.union([
  z.literal('all'),
  z.array(z.string().regex(/^Organization\/[A-Za-z0-9\-.]{1,64}$/)).max(100),
])
const Password = z.string().min(12).max(1024)
const Name = z.string().min(1).max(200)
const Roles = z.array(z.enum(ROLES)).min(1)

export const NewAccount = z.object({
  login: z.string().min(1).max(200),
  name: Name,
  password: Password,
  roles: Roles,
  facilities: Facilities,
  fhirUser: z.string().max(200).optional(),
  patient: z
    .string()
    .regex(/^Patient\/[A-Za-z0-9\-.]{1,64}$/)
    .optional(),
})
export const AccountChange = z
  .object({ name: Name, password: Password, roles: Roles, facilities: Facilities, disabled: z.boolean() })
  .partial()

/** An account as the administrator sees it. */
export const AccountView = z.object({
  id: z.string(),
  login: z.string(),
  name: z.string(),
  roles: z.array(z.enum(ROLES)),
  facilities: z.union([z.literal('all'), z.array(z.string())]),
  disabled: z.boolean(),
})
