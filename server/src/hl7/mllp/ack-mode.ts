import type { Ack } from './ack.ts'
import type { Header } from './header.ts'

/** HL7 table 0155: always, never, on error, on success. */
type Wanted = 'AL' | 'NE' | 'ER' | 'SU'

export interface AckMode {
  readonly isEnhanced: boolean
  /** MSH-15. */
  readonly accept: Wanted
  /** MSH-16. */
  readonly application: Wanted
}

const WANTED: ReadonlySet<string> = new Set(['AL', 'NE', 'ER', 'SU'])

/**
 * Enhanced mode as soon as MSH-15 or MSH-16 holds a code of table 0155; the empty one then means "never". Anything else is no wish for
 * silence: such a sender is answered as in original mode. A feed may name the mode for senders that ask for what they do not understand.
 */
export function ackModeOf(header: Header | undefined, feed: 'asked' | 'original' | 'enhanced'): AckMode {
  const accept = wantedOf(header?.field(15))
  const application = wantedOf(header?.field(16))
  if (feed === 'original' || (feed === 'asked' && !accept && !application)) {
    return { isEnhanced: false, accept: 'AL', application: 'NE' }
  }
  const always = feed === 'enhanced' && !accept && !application ? 'AL' : 'NE'
  return { isEnhanced: true, accept: accept ?? always, application: application ?? 'NE' }
}

function wantedOf(text = ''): Wanted | undefined {
  return WANTED.has(text) ? (text as Wanted) : undefined
}

export function wants(wanted: Wanted, { verdict }: Ack): boolean {
  return wanted === 'AL' || (wanted === 'SU' ? verdict === 'accept' : wanted === 'ER' && verdict !== 'accept')
}
