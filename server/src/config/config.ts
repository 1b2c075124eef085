import { z } from 'zod'

import { fault } from '../kernel/fault.ts'
import { Secret } from '../kernel/secret.ts'

const ROLES = ['http', 'mllp', 'devices', 'relay', 'tasks'] as const
const DEFAULT_SECRETS = new Set(['admin:admin', 'admin:secret', 'bootstrap:secret', 'test:test', 'demo:demo'])
const SECRET_LEAST = 16

const Port = z.coerce.number().int().min(0).max(65_535)
const Switch = z.enum(['on', 'off'])
const Duration = z
  .string()
  .regex(/^\d{1,6}(ms|s|m|h|d)$/, 'must look like 7d, 12h, 30m, 45s or 500ms')
  .transform(milliseconds)

/** The variables of DESIGN section 14. Names are stable: other people's scripts rely on them. */
const Environment = z.object({
  HUB_MODE: z.enum(['evaluation', 'production']).default('evaluation'),
  HUB_ROLES: z
    .string()
    .default(ROLES.join(','))
    .transform((text) => text.split(',').map((word) => word.trim()))
    .pipe(z.array(z.enum(ROLES)).min(1)),
  HUB_HOST: z.string().min(1).default('127.0.0.1'),
  HUB_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  HUB_TRUSTED_PROXIES: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((word) => word.trim())
        .filter(Boolean),
    ),
  HUB_CORS_ORIGINS: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((word) => word.trim())
        .filter(Boolean),
    )
    .refine((origins) => origins.every(isOrigin), 'must be origins such as https://app.example.org, or *'),
  HUB_HTTP_PORT: Port.default(8080),
  HUB_MLLP_PORT: Port.optional(),
  HUB_MQTT_PORT: Port.optional(),
  HUB_DATA: z.string().min(1).default('./data'),
  HUB_SITE: z.string().min(1).max(80).default('Mogran'),
  HUB_ZONE: z.string().default('UTC').refine(isZone, 'must be an IANA zone such as Africa/Khartoum'),
  HUB_LOG_KEEP: Duration.default(7 * 86_400_000),
  HUB_SEARCH_UNKNOWN: z.enum(['refuse', 'warn']).default('refuse'),
  HUB_ALIAS_TAKEN: z.enum(['refuse', 'merge']).default('refuse'),
  HUB_REFERENCES: z.enum(['check-type', 'enforce']).default('check-type'),
  MONGODB_URL: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\/./, 'must begin with mongodb:// or mongodb+srv://')
    .optional(),
  KAFKA_BROKERS: z.string().min(1).optional(),
  MQTT_URL: z.string().min(1).optional(),
  HUB_BOOTSTRAP_CLIENT: z
    .string()
    .regex(/^[^:\s]+:\S+$/, 'must read id:secret')
    .transform((text) => new Secret(text))
    .optional(),
  HUB_SECRET: z
    .string()
    .min(SECRET_LEAST, `must have at least ${SECRET_LEAST} characters`)
    .transform((text) => new Secret(text))
    .optional(),
  HUB_DEMO: Switch.optional(),
  HUB_MAPPINGS: z.string().min(1).optional(),
  HUB_CONSOLE: z.string().min(1).optional(),
  HUB_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info'),
  HUB_CRASH_AT: z.string().optional(),
})

export type Config = Readonly<z.output<typeof Environment>> & { readonly demo: boolean }

/** Plain-text listeners that evaluation opens by itself; production opens them only where their variable asks for it. */
const EVALUATION_PORTS = { HUB_MLLP_PORT: 2575, HUB_MQTT_PORT: 1883 } as const

/**
 * The one frozen configuration, from environment variables and the words behind `npm start --`.
 *
 * @throws Fault `unavailable` that names every bad variable; the process ends with code 78.
 */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  words: readonly string[],
): Config {
  const set = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  )
  const parsed = Environment.safeParse(set)
  if (!parsed.success) {
    const text = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
    throw fault('unavailable', { code: 'invalid', text: `The configuration is wrong: ${text}` })
  }
  const unknown = words.filter((word) => word !== '--empty')
  if (unknown.length > 0) {
    throw fault('unavailable', {
      code: 'invalid',
      text: `Unknown argument ${unknown.join(' ')}; known is --empty`,
    })
  }
  const config = parsed.data
  const demo = config.HUB_MODE === 'evaluation' && config.HUB_DEMO !== 'off' && !words.includes('--empty')
  if (config.HUB_MODE === 'production') refuseUnsafe(config)
  const ports = config.HUB_MODE === 'evaluation' ? EVALUATION_PORTS : {}
  return Object.freeze({ ...ports, ...config, demo })
}

function refuseUnsafe(config: z.output<typeof Environment>): void {
  const client = config.HUB_BOOTSTRAP_CLIENT?.reveal() ?? ''
  const secret = client.slice(client.indexOf(':') + 1)
  if (client !== '' && (DEFAULT_SECRETS.has(client) || secret.length < SECRET_LEAST)) {
    throw fault('unavailable', {
      code: 'security',
      text: `HUB_BOOTSTRAP_CLIENT: production wants a secret of its own of at least ${SECRET_LEAST} characters`,
    })
  }
  if (config.HUB_DEMO === 'on') {
    throw fault('unavailable', {
      code: 'security',
      text: 'HUB_DEMO: the demo hospital exists in evaluation mode only',
    })
  }
}

function isOrigin(text: string): boolean {
  return text === '*' || (URL.canParse(text) && new URL(text).origin === text)
}

function isZone(name: string): boolean {
  if (name === 'UTC') return true
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

function milliseconds(text: string): number {
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
  const [, number = '0', name = 'ms'] = /^(\d+)(\D+)$/.exec(text) ?? []
  return Number(number) * (Object.entries(unit).find(([key]) => key === name)?.[1] ?? 1)
}
