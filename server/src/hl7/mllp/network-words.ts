/** What the operating system says about a connection or a port. */
interface NetworkError {
  readonly code: string
  readonly address?: string
  readonly port?: number
  readonly hostname?: string
}

/** A sentence up to its full stop. */
type Words = (where: string) => string

const BROKEN: Words = () => 'The other side broke the connection off'
const NO_WAY: Words = (where) => `No way in the network leads to ${where}`
const NO_NAME: Words = (where) => `No address is known for ${where}`

const WORDS: Readonly<Record<string, Words>> = {
  EADDRINUSE: (where) => `Another program has ${where}: stop it, or use another port`,
  EADDRNOTAVAIL: (where) => `${where} is no address of this machine`,
  EACCES: (where) => `The hub may not open ${where}`,
  ECONNREFUSED: (where) => `Nobody listens at ${where}`,
  ECONNRESET: BROKEN,
  EPIPE: BROKEN,
  ETIMEDOUT: (where) => `${where} did not answer`,
  EHOSTUNREACH: NO_WAY,
  ENETUNREACH: NO_WAY,
  ENOTFOUND: NO_NAME,
  EAI_AGAIN: NO_NAME,
}

/** What went wrong with a connection or a port, for people: what it means, with the code of the system to look for. */
export function networkWords(error: unknown): string {
  // A name with several addresses: all of them were tried, and the first tells.
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error
  if (!isNetworkError(first)) return error instanceof Error && error.message !== '' ? error.message : 'failed'
  const { code, address, hostname, port } = first
  const where = [address ?? hostname, port].filter((part) => part !== undefined).join(':')
  return `${WORDS[code]?.(where === '' ? 'it' : where)} (${code}).`
}

function isNetworkError(error: unknown): error is NetworkError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code in WORDS
}
