import { expect, it, vi } from 'vitest'

import { systemCaller } from '../../src/auth/caller.ts'
import type { JsonObject } from '../../src/kernel/json.ts'
import { admit, Sender, settled, startEngine, type Engine } from './interface-engine.ts'

interface Ask {
  readonly event?: string
  readonly qpd: string
  readonly id?: string
  readonly rcp?: string
  readonly more?: readonly string[]
  readonly version?: string
  /** MSH-15 to MSH-18. */
  readonly tail?: string
}

function query({ event = 'Q22', qpd, id = 'Q1', rcp = 'RCP|I', more = [], version = '2.5', tail = '' }: Ask) {
  const msh = `MSH|^~\\&|ASKER|NORTH|HUB|MOGRAN|20261128090000||QBP^${event}^QBP_Q21|${id}|P|${version}${tail}`
  return [msh, `QPD|${qpd}`, rcp, ...more, ''].join('\r')
}

/** Fields of each segment of an answer by its name. */
function fieldsOf(answer: string, name: string): string[][] {
  const lines = answer.split('\n').filter((line) => line.startsWith(`${name}|`))
  return lines.map((line) => line.split('|'))
}

async function engineWith(people: readonly Parameters<typeof admit>[0][], settings = {}): Promise<Engine> {
  const engine = await startEngine({ ackAt: 'committed', ...settings })
  const sender = new Sender(engine.port)
  for (const [at, person] of people.entries())
    expect(await sender.send(admit({ id: `A${at}`, ...person }))).toContain('MSA|AA')
  return engine
}

const NADIA = { mrn: '4711', name: 'Salih^Nadia' }
const NADINE = { mrn: '4712', name: 'Salihi^Nadine', birth: '19900101' }
const OMAR = { mrn: '4713', name: 'Okoye^Omar', birth: '19870402', address: '1 Hill^^Omdurman^^^SD' }

it('finds candidates by name, birth date and place, the whole text only', async () => {
  const engine = await engineWith([NADIA, NADINE, OMAR])
  const sender = new Sender(engine.port)
  const name = 'IHE PDQ Query'
  const answer = await sender.send(query({ qpd: `${name}|T1|@PID.5.1.1^SALIH~@PID.7^19870402~@PID.8^F` }))
  expect(answer.split('\n').map((line) => line.slice(0, 3))).toEqual([
    'MSH',
    'MSA',
    'QAK',
    'QPD',
    'PID',
    'QRI',
    '',
  ])
  expect(fieldsOf(answer, 'MSH')[0]?.slice(2, 12)).toMatchObject({
    0: 'HUB',
    1: 'MOGRAN',
    2: 'ASKER',
    6: 'RSP^K22^RSP_K21',
    9: '2.5',
  })
  expect(answer).toContain('\nMSA|AA|Q1\n')
  expect(answer).toContain(`\nQAK|T1|OK|${name}|1|1|0\n`)
  expect(answer).toContain(`\nQPD|${name}|T1|@PID.5.1.1^SALIH~@PID.7^19870402~@PID.8^F\n`)
  const [pid] = fieldsOf(answer, 'PID')
  expect(pid).toMatchObject({
    3: '4711^^^NORTH^MR',
    5: 'Salih^Nadia',
    7: '19870402',
    8: 'F',
    11: '12 River Road^^Khartoum^^^SD',
  })
  expect(fieldsOf(answer, 'QRI')).toEqual([['QRI', '100', 'NA~DB']])
  const inTown = await sender.send(query({ qpd: 'Q22^Find Candidates^HL7|T2|@PID.11.3^omdurman' }))
  expect(fieldsOf(inTown, 'MSH')[0]?.[8]).toBe('RSP^K22^RSP_K21')
  expect(fieldsOf(inTown, 'PID').map((fields) => fields[3])).toEqual(['4713^^^NORTH^MR'])
  const byYear = await sender.send(query({ qpd: 'Q22|T3|@PID.7^1987' }))
  expect(fieldsOf(byYear, 'PID')).toHaveLength(2)
})

it('ranks who only begins with what was asked, and leaves out who is below the threshold', async () => {
  const engine = await engineWith([NADIA, NADINE, OMAR])
  const sender = new Sender(engine.port)
  const answer = await sender.send(query({ qpd: 'Q22|T1|@PID.5.1^Salih*' }))
  expect(fieldsOf(answer, 'PID').map((fields) => fields[5])).toEqual(['Salih^Nadia', 'Salihi^Nadine'])
  expect(fieldsOf(answer, 'QRI').map((fields) => fields[1])).toEqual(['100', '83'])
  const sure = await sender.send(query({ qpd: 'Q22|T1|@PID.5.1^Salih*|90' }))
  expect(fieldsOf(sure, 'PID').map((fields) => fields[5])).toEqual(['Salih^Nadia'])
  const none = await sender.send(query({ qpd: 'Q22|T1|@PID.5.1^Sal' }))
  expect(none).toContain('\nMSA|AA|')
  expect(none).toContain('\nQAK|T1|NF|Q22|0|0|0\n')
  expect(fieldsOf(none, 'PID')).toEqual([])
})

it('gives the identifiers of the domains that were asked for, by the names that the feed uses', async () => {
  const engine = await engineWith([
    { ...NADIA, mrn: '4711^^^NORTH^MR~N77^^^&2.16.840.1.99999&ISO^NI~8^^^NPI' },
  ])
  const sender = new Sender(engine.port)
  const all = await sender.send(query({ qpd: 'Q22|T1|@PID.3.1^4711~@PID.3.4.1^NORTH' }))
  const numbers = fieldsOf(all, 'PID')[0]?.[3]?.split('~') ?? []
  const [north, national, npi] = [
    '4711^^^NORTH^MR',
    'N77^^^&2.16.840.1.99999&ISO^NI',
    '8^^^NPI&http://hl7.org/fhir/sid/us-npi&URI',
  ]
  expect(numbers.toSorted()).toEqual([north, npi, national])
  for (const [domain, number] of [
    ['^^^NPI', npi],
    ['^^^&http://hl7.org/fhir/sid/us-npi&URI', npi],
    ['^^^&2.16.840.1.99999&ISO', national],
  ]) {
    const one = await sender.send(query({ qpd: `Q22|T1|@PID.3.1^4711|||||${String(domain)}` }))
    expect(fieldsOf(one, 'PID')[0]?.[3]).toBe(number)
  }
  const unknown = await sender.send(query({ qpd: 'IHE PDQ Query|T1|@PID.3.1^4711|||||^^^NORTH~^^^NOWHERE' }))
  expect(fieldsOf(unknown, 'MSA')[0]?.[1]).toBe('AE')
  expect(fieldsOf(unknown, 'ERR')[0]?.slice(2, 5)).toEqual([
    'QPD^1^8^2',
    '204^Unknown key identifier^HL70357',
    'E',
  ])
  expect(unknown).toContain('\nQAK|T1|AE|IHE PDQ Query|0|0|0\n')
  expect(fieldsOf(unknown, 'PID')).toEqual([])
})

it('gives a part of many, and the next one for the pointer of the last answer', async () => {
  const people = Array.from({ length: 5 }, (_, at) => ({ mrn: `60${at}`, name: `Deng^N${at}` }))
  const engine = await engineWith(people)
  const sender = new Sender(engine.port)
  const seen: string[] = []
  const counts: string[] = []
  let pointer: string | undefined
  do {
    const more = pointer === undefined ? [] : [`DSC|${pointer}|I`]
    const answer = await sender.send(
      query({ qpd: 'Q22|T9|@PID.5.1^Deng', rcp: 'RCP|I|2^RD', more, id: `Q${counts.length}` }),
    )
    seen.push(...fieldsOf(answer, 'PID').map((fields) => fields[5] ?? ''))
    counts.push(fieldsOf(answer, 'QAK')[0]?.slice(4).join(' ') ?? '')
    pointer = fieldsOf(answer, 'DSC')[0]?.[1]
  } while (pointer !== undefined)
  expect(seen.toSorted()).toEqual(people.map(({ name }) => name))
  expect(counts).toEqual(['5 2 3', '5 2 1', '5 1 0'])
  const first = await sender.send(query({ qpd: 'Q22|T9|@PID.5.1^Deng', rcp: 'RCP|I|2^RD' }))
  const stolen = fieldsOf(first, 'DSC')[0]?.[1] ?? ''
  const other = await sender.send(query({ qpd: 'Q22|T9|@PID.5.1^Salih', more: [`DSC|${stolen}|I`] }))
  expect(fieldsOf(other, 'ERR')[0]?.[2]).toBe('DSC^1^1^1')
})

it('answers with demographics (Q21) and corresponding numbers (Q23) of one person', async () => {
  const engine = await engineWith([{ ...NADIA, mrn: '4711^^^NORTH^MR~77^^^SOUTH^PI' }])
  const sender = new Sender(engine.port)
  const person = await sender.send(
    query({ event: 'Q21', qpd: 'Q21^Get Person Demographics^HL7|T1|4711^^^NORTH' }),
  )
  expect(fieldsOf(person, 'MSH')[0]?.[8]).toBe('RSP^K21^RSP_K21')
  expect(fieldsOf(person, 'PID')[0]).toMatchObject({ 5: 'Salih^Nadia', 7: '19870402' })
  const nobody = await sender.send(query({ event: 'Q21', qpd: 'Q21|T1|4799^^^NORTH' }))
  expect(nobody).toContain('\nQAK|T1|NF|')
  const pix = async (qpd: string) => sender.send(query({ event: 'Q23', qpd: `IHE PIX Query|T1|${qpd}` }))
  const others = await pix('4711^^^NORTH')
  expect(fieldsOf(others, 'MSH')[0]?.[8]).toBe('RSP^K23^RSP_K23')
  expect(others).toContain('\nPID|||77^^^SOUTH^PI|| ~^^^^^^S\n')
  expect(await pix('4711^^^NORTH|^^^NORTH')).toContain('\nQAK|T1|NF|IHE PIX Query|0|0|0\n')
  for (const [asked, place] of [
    ['4799^^^NORTH', 'QPD^1^3^1^1'],
    ['4711^^^NOWHERE', 'QPD^1^3^1^4'],
    ['4711^^^NORTH|^^^SOUTH~^^^NOWHERE', 'QPD^1^4^2'],
  ]) {
    const wrong = await pix(asked ?? '')
    expect(fieldsOf(wrong, 'MSA')[0]?.[1]).toBe('AE')
    expect(fieldsOf(wrong, 'ERR')[0]?.slice(2, 4)).toEqual([place, '204^Unknown key identifier^HL70357'])
    expect(wrong).toContain('\nQAK|T1|AE|')
  }
})

it('answers for merged persons with who they became', async () => {
  const engine = await engineWith([NADIA, { mrn: '5000', name: 'Saleh^Nadya' }])
  const sender = new Sender(engine.port)
  const merge = admit({ id: 'M1', event: 'A40' }).replace('ADT^A40^ADT_A01', 'ADT^A40^ADT_A39')
  const [msh, evn, pid] = merge.split('\r')
  expect(await sender.send([msh, evn, pid, 'MRG|5000^^^NORTH^MR', ''].join('\r'))).toContain('MSA|AA')
  const byNumber = await sender.send(query({ event: 'Q21', qpd: 'Q21|T1|5000^^^NORTH' }))
  expect(fieldsOf(byNumber, 'PID')[0]).toMatchObject({ 3: '4711^^^NORTH^MR', 5: 'Salih^Nadia' })
  const byName = await sender.send(query({ qpd: 'Q22|T1|@PID.5.1^Saleh' }))
  expect(fieldsOf(byName, 'PID').map((fields) => fields[3])).toEqual(['4711^^^NORTH^MR'])
})

it('never tells of persons of another facility', async () => {
  const engine = await engineWith([NADIA], { facility: 'Organization/north' })
  const other: JsonObject = {
    resourceType: 'Patient',
    id: 'elsewhere',
    identifier: [{ system: 'urn:mogran:assigner:SOUTH', value: '9' }],
    name: [{ family: 'Salih', given: ['Nadia'] }],
  }
  const drafts = [{ type: 'Patient', id: 'elsewhere', method: 'PUT' as const, resource: other }]
  await engine.resources.transact(systemCaller('tests', 'system'), {
    drafts,
    facilities: ['Organization/south'],
  })
  const sender = new Sender(engine.port)
  const found = await sender.send(query({ qpd: 'Q22|T1|@PID.5.1^Salih' }))
  expect(fieldsOf(found, 'PID').map((fields) => fields[3])).toEqual(['4711^^^NORTH^MR'])
  const person = await sender.send(query({ event: 'Q23', qpd: 'Q23|T1|9^^^SOUTH' }))
  expect(fieldsOf(person, 'ERR')[0]?.[2]).toBe('QPD^1^3^1^4')
})

it.each<[string, Ask, string, string, string]>([
  ['an unknown name', { qpd: 'Q99^Something^HL7|T1|@PID.5.1^Salih' }, 'AR', 'QPD^1^1^1', '103'],
  ['no parameters', { qpd: 'Q22|T1|' }, 'AE', 'QPD^1^3^1', '101'],
  ['a field that nobody is found by', { qpd: 'Q22|T1|@PID.5.1^S~@PID.22^x' }, 'AR', 'QPD^1^3^2', '103'],
  ['a wildcard in the middle', { qpd: 'Q22|T1|@PID.5.1^S*h' }, 'AE', 'QPD^1^3^1^2', '102'],
  ['no date', { qpd: 'Q22|T1|@PID.7^31.12.1987' }, 'AE', 'QPD^1^3^1^2', '102'],
  ['deferred answers', { qpd: 'Q22|T1|@PID.5.1^Salih', rcp: 'RCP|D' }, 'AR', 'RCP^1^1^1', '103'],
  ['lines as quantity', { qpd: 'Q22|T1|@PID.5.1^Salih', rcp: 'RCP|I|10^LI' }, 'AR', 'RCP^1^2^1^2', '103'],
  ['a quantity of nothing', { qpd: 'Q22|T1|@PID.5.1^Salih', rcp: 'RCP|I|0^RD' }, 'AE', 'RCP^1^2^1^1', '102'],
])('refuses %s with its place', async (...[, asked, code, place, error]) => {
  const engine = await engineWith([NADIA])
  const answer = await new Sender(engine.port).send(query(asked))
  expect(fieldsOf(answer, 'MSA')[0]?.slice(1, 3)).toEqual([code, 'Q1'])
  expect(fieldsOf(answer, 'ERR')[0]?.[2]).toBe(place)
  expect(fieldsOf(answer, 'ERR')[0]?.[3]?.slice(0, 3)).toBe(error)
  expect(fieldsOf(answer, 'QAK')[0]?.[2]).toBe(code)
  expect(fieldsOf(answer, 'PID')).toEqual([])
})

it('tells nothing to a feed that may not ask', async () => {
  const engine = await engineWith([NADIA], { queries: false })
  const answer = await new Sender(engine.port).send(query({ qpd: 'Q22|T1|@PID.5.1^Salih' }))
  expect(fieldsOf(answer, 'MSA')[0]?.[1]).toBe('AR')
  expect(fieldsOf(answer, 'ERR')[0]?.[8]).toContain('queries: true')
  expect(answer).not.toContain('Nadia')
})

it('keeps query and answer in the journal, audits whom it told of, and writes nothing to the record', async () => {
  const engine = await engineWith([NADIA])
  const [{ id } = {}] = await engine.all('Patient')
  const written = async () => (await engine.commits()).length
  const before = await written()
  const answer = await new Sender(engine.port).send(query({ qpd: 'Q22|T1|@PID.5.1^Salih' }))
  expect(await written()).toBe(before)
  // It is durable ahead of the store, which has it a moment later.
  const line = await vi.waitFor(
    async () => {
      const lines = await engine.store.records.range({ collection: 'hl7-journal', limit: 10, reverse: true })
      expect(lines[0]?.value).toMatchObject({
        type: 'QBP',
        event: 'Q22',
        controlId: 'Q1',
        state: 'committed',
      })
      return lines[0]
    },
    { timeout: 10_000 },
  )
  expect(line?.value).toMatchObject({ ack: answer.replaceAll('\n', '\r') })
  await engine.audit.ship()
  // Those of one millisecond, the search and the query, have no order.
  const rows = await engine.audit.rows({ limit: 2 })
  const row = rows.find(({ interaction }) => interaction === 'QBP^Q22')
  expect(row).toMatchObject({ subject: 'feed:default', correlation: 'Q1' })
  expect(row?.patients).toEqual([id])
  // A replay by an analyst changes nothing either.
  const entry = await engine.flow.processing.replay(line?.id ?? '')
  expect(entry.state).toBe('committed')
  expect(await written()).toBe(before)
})

it('answers behind the transport in enhanced mode', async () => {
  const engine = await engineWith([NADIA])
  const sender = new Sender(engine.port)
  const first = sender.next()
  const second = sender.next()
  sender.write(query({ qpd: 'Q22|T1|@PID.5.1^Salih', tail: '|||AL|AL' }))
  expect(await first).toContain('MSA|CA|Q1')
  const answer = await second
  expect(answer).toContain('MSA|AA|Q1')
  expect(fieldsOf(answer, 'PID')).toHaveLength(1)
})

it('answers in the delimiters and the character set of the query', async () => {
  const engine = await engineWith([{ mrn: '1', name: 'M\u00fcller #1^J\\S\\rg' }])
  const message = query({ qpd: 'Q22|T1|@PID.3.1^1', tail: '||||||8859/1' })
  const own = message.replaceAll('|', '#').replaceAll('^', '*').replace('*~\\&', '*~%&')
  const answer = await new Sender(engine.port).send(own)
  expect(answer).toContain('#M\u00fcller %F%1*J^rg#')
  // The fifth, since 2.7, says that a text was cut.
  const cut = query({ qpd: 'Q22|T1|@PID.3.1^1', version: '2.8' }).replace('^~\\&', '^~\\&#')
  expect(await new Sender(engine.port).send(cut)).toContain('M\u00c3\u00bcller \\P\\1^J\\S\\rg')
  const unsaid = await new Sender(engine.port).send(query({ qpd: 'Q22|T1|@PID.3.1^1' }))
  expect(fieldsOf(unsaid, 'MSH')[0]?.[17]).toBe('UNICODE UTF-8')
  const ascii = await new Sender(engine.port).send(query({ qpd: 'Q22|T1|@PID.3.1^1', tail: '||||||ASCII' }))
  expect(fieldsOf(ascii, 'MSA')[0]?.[1]).toBe('AE')
  expect(fieldsOf(ascii, 'ERR')[0]?.[2]).toBe('MSH^1^18^1')
})

it.each([
  ['QRY^A19', 'QRD|20260301|R|I|Q1|||1^RD|4711|DEM'],
  ['QCN^J01', 'QID|Q1|HUB'],
])('refuses %s, with its place, and keeps it in the journal', async (type, segment) => {
  const engine = await engineWith([NADIA])
  const message = [`MSH|^~\\&|WARD|NORTH|HUB|MOGRAN|20260301||${type}|O1|P|2.5.1`, segment, ''].join('\r')
  const answer = await new Sender(engine.port).send(message)
  expect(answer).toContain('MSA|AR|O1')
  expect(answer).toContain('ERR||MSH^1^9^1^1|200^')
  await settled(engine, 'O1', 'rejected')
})

it.each([
  ['2.4', 'RSP_K22', '04 555^PRN^PH'],
  ['2.5', 'RSP_K21', '04 555^PRN^PH^^^^^^^^^04 555'],
  ['2.6', 'RSP_K21', '^PRN^PH^^^^^^^^^04 555'],
  ['2.8', 'RSP_K22', '^PRN^PH^^^^^^^^^04 555'],
])('answers in the form of version %s, errors too', async (version, structure, phone) => {
  const engine = await engineWith([{ ...NADIA, address: '||04 555' }])
  const sender = new Sender(engine.port)
  const ask = async (qpd: string, event?: string) =>
    sender.send(query({ qpd, version, ...(event && { event }) }))
  const typeOf = (answer: string) => fieldsOf(answer, 'MSH')[0]?.[8]
  const found = await ask('IHE PDQ Query|T1|@PID.5.1^Salih')
  expect(typeOf(found)).toBe(`RSP^K22^${structure}`)
  expect(fieldsOf(found, 'PID')[0]?.[13]).toBe(phone)
  expect(typeOf(await ask('IHE PDQ Query|T1|@PID.5.1^Salih|||||^^^NOWHERE'))).toBe(`RSP^K22^${structure}`)
  expect(typeOf(await ask('Q22^Find Candidates^HL7|T2|'))).toBe(`RSP^K22^${structure}`)
  expect(typeOf(await ask('Anything|T3|@PID.5.1^Salih'))).toBe(`RSP^K22^${structure}`)
  // Required in the group of the person since 2.5, unknown there before.
  const one = await ask('Q21^Get Person Demographics^HL7|T1|4711^^^NORTH', 'Q21')
  expect(fieldsOf(one, 'QRI')).toEqual(version === '2.4' ? [] : [['QRI', '100']])
})

it('answers a query without parameters with an acknowledgement: there is nothing to repeat', async () => {
  const engine = await engineWith([NADIA])
  const answer = await new Sender(engine.port).send(query({ qpd: '' }).replace('QPD|\r', ''))
  expect(fieldsOf(answer, 'MSH')[0]?.[8]).toBe('ACK^Q22^ACK')
  expect(fieldsOf(answer, 'ERR')[0]?.[2]).toBe('QPD^1')
  expect(answer.split('\n').map((line) => line.slice(0, 3))).toEqual(['MSH', 'MSA', 'ERR', ''])
})
