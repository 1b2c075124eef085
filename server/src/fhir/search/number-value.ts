import { fault } from '../../kernel/fault.ts'
import type { Comparator, Interval } from './comparison.ts'

const NUMBER =
  /^(?<sign>[+-]?)(?<whole>\d{1,40})(?:\.(?<fraction>\d{1,40}))?(?:[eE](?<exponent>[+-]?\d{1,3}))?$/

/**
 * The interval that a number of a search means. Equality takes half a unit of the last written digit on both sides (`10` is `[9.5, 10.5)`,
 * `10.0` is `[9.95, 10.05)`); the other prefixes compare with the number itself.
 *
 * @throws Fault `malformed` when the text is no number.
 */
export function numberInterval(comparator: Comparator, text: string, param: string): Interval {
  const parts = NUMBER.exec(text)?.groups
  if (!parts) throw fault('malformed', { code: 'value', text: `${param}: not a number` })
  const value = Number(text)
  if (comparator === 'ap') return { lo: value - Math.abs(value) / 10, hi: value + Math.abs(value) / 10 }
  if (comparator !== 'eq' && comparator !== 'ne') return { lo: value, hi: value }
  // In whole numbers of tenths of the last digit, so that 0.1 - 0.05 is exactly 0.05.
  const digits =
    BigInt(`${parts['whole'] ?? ''}${parts['fraction'] ?? ''}`) * (parts['sign'] === '-' ? -10n : 10n)
  const exponent = Number(parts['exponent'] ?? 0) - (parts['fraction'] ?? '').length - 1
  const bound = (tenths: bigint): number => Number(`${String(tenths)}e${String(exponent)}`)
  return { lo: bound(digits - 5n), hi: bound(digits + 5n) }
}
