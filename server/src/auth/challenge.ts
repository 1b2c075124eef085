import type { Fault } from '../kernel/fault.ts'

/**
 * The WWW-Authenticate header that goes with a 401 of this fault: without `error` when no token was sent.
 *
 * @see RFC 6750, section 3
 */
export function challengeOf(fault: Fault): string {
  const isMissing = fault.message.startsWith('Send an access token')
  return isMissing
    ? 'Bearer realm="mogran"'
    : `Bearer realm="mogran", error="invalid_token", error_description="${fault.message}"`
}
