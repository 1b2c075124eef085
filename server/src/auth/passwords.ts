import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

import { fault } from '../kernel/fault.ts'
import { limits } from '../kernel/limits.ts'

/** OWASP Password Storage Cheat Sheet, argon2id: 19 MiB, two passes, one lane. Kept in the text of each hash, so that they may rise. */
const COST = { memory: 19_456, passes: 2, parallelism: 1 } as const
const TAG_BYTES = 32
const SALT_BYTES = 16
const PHC = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([\w+/]{1,128})\$([\w+/]{1,128})$/

const derive = promisify(argon2)

export interface Passwords {
  /** @returns PHC string `$argon2id$v=19$m=…,t=…,p=…$salt$tag` */
  hash(password: string): Promise<string>
  /** Takes as long for an unknown account (`undefined`) as for a wrong password. */
  matches(password: string, hash: string | undefined): Promise<boolean>
}

/** Hashes at most `limits.auth.hashing` passwords at once: each takes 19 MiB and a thread that file and network work need, too. */
export function createPasswords(): Passwords {
  const decoy = randomBytes(TAG_BYTES)
  const inTurn = createTurns()
  return {
    hash: async (password) => {
      const salt = randomBytes(SALT_BYTES)
      const tag = await inTurn(() =>
        derive('argon2id', { ...COST, message: password, nonce: salt, tagLength: TAG_BYTES }),
      )
      return `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${base64(salt)}$${base64(tag)}`
    },
    matches: async (password, hash) => {
      const [, memory, passes, parallelism, salt, wanted] = (hash && PHC.exec(hash)) || []
      const cost = salt
        ? { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) }
        : COST
      const expected = wanted ? Buffer.from(wanted, 'base64') : decoy
      const nonce = salt ? Buffer.from(salt, 'base64') : decoy.subarray(0, SALT_BYTES)
      const tag = await inTurn(() =>
        derive('argon2id', { ...cost, message: password, nonce, tagLength: expected.length }),
      )
      return timingSafeEqual(tag, expected) && wanted !== undefined
    },
  }
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '')
}

function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (work) => {
    if (running >= limits.auth.hashing) {
      if (waiting.length >= limits.auth.hashQueue)
        throw fault('busy', { code: 'throttled', text: 'Too many people sign in at this moment; try again.' })
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
    running += 1
    try {
      return await work()
    } finally {
      running -= 1
      waiting.shift()?.()
    }
  }
}
