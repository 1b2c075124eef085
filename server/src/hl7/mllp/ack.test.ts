import { describe, expect, it } from 'vitest'

import { fault } from '../../kernel/fault.ts'
import { ackCode, ackOfError, buildAck, compareVersions, type AckError } from './ack.ts'
import { checkHeader } from './checks.ts'
import { createControlIds } from './control-ids.ts'
import { findHeader, readHeader } from './header.ts'

const NOW = Date.UTC(2026, 10, 23, 9, 5, 7, 30)

function answer(msh: string, errors: readonly AckError[] = []): string[] {
  const header = readHeader(Buffer.from(`${msh}\rPID|1`, 'latin1'))
  const code = errors.length === 0 ? 'AA' : 'AE'
  return buildAck({ header, code, errors, controlId: 'M1', nowMs: NOW }).toString('latin1').split('\r')
}

const undecodable: AckError = { code: '102', severity: 'E', at: 'MSH-18', text: 'Not text | in it.' }

describe('buildAck', () => {
  it('lets sender and receiver change places and echoes control id, processing id, version and character set', () => {
    expect(
      answer(
        'MSH|^~\\&|LAB&1^x|HOSP|HUB|CITY|20260101||ORU^R01^ORU_R01|A 17.b|P^A|2.5.1^DEU|||AL|NE||8859/1',
      ),
    ).toEqual([
      'MSH|^~\\&|HUB|CITY|LAB&1^x|HOSP|20261123090507.030+0000||ACK^R01^ACK|M1|P^A|2.5.1^DEU||||||8859/1',
      'MSA|AA|A 17.b',
      '',
    ])
  })

  it('answers with the delimiters of the sender, and the bytes of MSH-10 as they came', () => {
    const [msh, msa] = answer('MSH#*~\\&#a*b#F#c#d###ADT*A01#\xe9\xff|9#T#2.3')
    expect(msh).toMatch(/^MSH#\*~\\&#c#d#a\*b#F#[\d.+]+##ACK\*A01#M1#T#2\.3$/)
    expect(msa).toBe('MSA#AA#\xe9\xff|9')
  })

  it('places an error by ERR-2 to ERR-8 from 2.5 and keeps MSA-3 up to 2.6', () => {
    expect(answer('MSH|^~\\&|A|B|C|D|||ADT^A01^ADT_A01|7|P|2.5', [undecodable]).slice(1, 3)).toEqual([
      'MSA|AE|7|Not text \\F\\ in it.',
      'ERR||MSH^1^18^1|102^Data type error^HL70357|E||||Not text \\F\\ in it.',
    ])
    expect(answer('MSH|^~\\&|A|B|C|D|||ADT^A01^ADT_A01|7|P|2.8', [undecodable])[1]).toBe('MSA|AE|7')
    const deep: AckError = { code: '103', severity: 'W', at: 'OBX[2]-5[3].4', text: 'x' }
    expect(answer('MSH|^~\\&|A|B|C|D|||ORU^R01|7|P|2.7', [deep])[2]).toMatch(/^ERR\|\|OBX\^2\^5\^3\^4\|103/)
  })

  it('keeps MSA-3 within its length where ERR-8 has the whole text', () => {
    const long: AckError = { ...undecodable, text: 'x'.repeat(100) }
    const [, msa, err] = answer('MSH|^~\\&|A|B|C|D|||ADT^A01^ADT_A01|7|P|2.5', [long])
    expect(msa).toBe(`MSA|AE|7|${'x'.repeat(80)}`)
    expect(err).toContain('x'.repeat(100))
    expect(answer('MSH|^~\\&|A|B|C|D|||ADT^A01|7|P|2.4', [long])[1]).toContain('x'.repeat(100))
  })

  it('uses ERR-1 up to 2.4', () => {
    expect(answer('MSH|^~\\&|A|B|C|D|||ADT^A01|7|P|2.4', [undecodable])[2]).toBe(
      'ERR|MSH^1^18^102&Data type error&HL70357',
    )
  })

  it('refuses what has no header with an empty MSA-2, never with an invented one', () => {
    const bytes = buildAck({ header: undefined, code: 'AR', errors: [], controlId: 'M1', nowMs: NOW })
    expect(String(bytes)).toMatch(/^MSH\|\^~\\&\|\|\|\|\|[\d.+]+\|\|ACK\|M1\|P\|2\.5\.1\rMSA\|AR\r$/)
  })
})

describe('ackOfError', () => {
  it('turns a fault into an answer with its HL7 position, and leaves FHIR positions out', () => {
    const late = ackOfError(fault('malformed', { code: 'value', text: 'No date.', at: 'PID-7' }))
    expect(late).toEqual({
      verdict: 'error',
      errors: [{ code: '102', severity: 'E', at: 'PID-7', text: 'No date.' }],
    })
    const fhir = ackOfError(fault('unprocessable', { code: 'value', text: 'No.', at: 'Patient.birthDate' }))
    expect(fhir.errors[0]).not.toHaveProperty('at')
    expect(ackCode('transport', ackOfError(fault('too-large', { code: 'too-long', text: 'Big.' })))).toBe(
      'CR',
    )
  })

  it('does not tell the message of a defect', () => {
    expect(JSON.stringify(ackOfError(new TypeError('secret')))).not.toContain('secret')
  })
})

describe('checkHeader', () => {
  const accepts = {
    processingIds: ['P'],
    understands: (type: string, event: string) =>
      type !== 'ADT'
        ? ('unknown-type' as const)
        : event === 'A01'
          ? ('yes' as const)
          : ('unknown-event' as const),
  }
  const codes = (msh: string) => {
    const bytes = Buffer.from(msh)
    const header = readHeader(bytes)
    return header && checkHeader(bytes, header, accepts)?.errors.map(({ code, at }) => `${code} ${at}`)
  }

  const early = (version: string, evn = '\rEVN|A01|2026') =>
    codes(`MSH|^~\\&|A|B|C|D|||ADT|7|P|${version}${evn}`)

  it('takes the event from EVN-1 before 2.3, where the header need not name it', () => {
    expect(early('2.1')).toBeUndefined()
    expect(early('2.2')).toBeUndefined()
    expect(early('2.1', '\rEVN|Z99')).toEqual(['201 MSH-9.2'])
    expect(early('2.1', '')).toEqual(['201 MSH-9.2'])
    expect(early('2.3')).toEqual(['201 MSH-9.2'])
  })

  it('rejects an unknown type, event, processing id or version, each at its field', () => {
    expect(codes('MSH|^~\\&|A|B|C|D|||ADT^A01|7|P|2.5.1')).toBeUndefined()
    expect(codes('MSH|^~\\&|A|B|C|D|||XYZ^A01|7|P|2.5')).toEqual(['200 MSH-9.1'])
    expect(codes('MSH|^~\\&|A|B|C|D|||ADT^Z99|7|P|2.5')).toEqual(['201 MSH-9.2'])
    expect(codes('MSH|^~\\&|A|B|C|D|||ADT^A01|7|T|99')).toEqual(['202 MSH-11', '203 MSH-12'])
    expect(codes('MSH|^~\\&|A|B')).toEqual(['101 MSH-9.1', '101 MSH-10', '101 MSH-11', '101 MSH-12'])
  })
})

describe('readHeader', () => {
  it('skips a byte order mark and blanks, and does not take other bytes for a message', () => {
    expect(readHeader(Buffer.from('\ufeff \r\nMSH|^~\\&|A'))?.field(3)).toBe('A')
    expect(readHeader(Buffer.from('MSHX^~\\&|A'))).toBeUndefined()
    expect(readHeader(Buffer.from('PID|1\rMSH|^~\\&|A'))).toBeUndefined()
  })

  it('fills up encoding characters that were not sent', () => {
    expect(readHeader(Buffer.from('MSH|^~|A'))?.encodingCharacters).toBe('^~\\&')
  })

  it('finds the control id inside broken bytes', () => {
    expect(findHeader(Buffer.from('\x00\x01junkMSH|^~\\&|A|B|C|D|||ADT^A01|77'))?.field(10)).toBe('77')
    expect(findHeader(Buffer.from('no header at all'))).toBeUndefined()
  })
})

it('orders versions by their numbers', () => {
  expect(compareVersions('2.3', '2.3.1')).toBeLessThan(0)
  expect(compareVersions('2.10', '2.9')).toBeGreaterThan(0)
  expect(compareVersions('2.5.0', '2.5')).toBe(0)
})

it('never gives a control id twice, and none longer than 20 characters', () => {
  const next = createControlIds(() => NOW)
  const ids = Array.from({ length: 10_000 }, () => next())
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.every((id) => id.length <= 20)).toBe(true)
})
