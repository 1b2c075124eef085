import { expect, it } from 'vitest'

import { adt, itemsOf, startTwoFeeds, type World } from './visit-steps.ts'

const allergy = (code: string, number = '') => `IAM|1|DA|${code}^${code}^L|SV|Rash|A|${number}`
const list = (...more: readonly string[]) => adt('4711', { event: 'A60', more })

async function told({ engine }: World): Promise<readonly string[]> {
  const all = await engine.all('AllergyIntolerance')
  return all
    .map(({ code, verificationStatus }) => {
      const [name, state] = [code, verificationStatus] as ({ coding: { code: string }[] } | undefined)[]
      return `${name?.coding[0]?.code ?? ''} ${state?.coding[0]?.code ?? 'stands'}`
    })
    .toSorted()
}

const WHOLE = "\nvariables: { snapshots: 'yes' }\nplaces: north\n"

it('withdraws what a feed leaves out of its list, and nothing that others have told', async () => {
  const world = await startTwoFeeds(WHOLE)
  const { engine, send, sendOther } = world
  await send(adt('4711', { event: 'A01', more: ['AL1|1|DA|EGG^Egg^L|SV|Rash'] }))
  await sendOther(list(allergy('NUT')))
  await send(list(allergy('PEN'), allergy('SOY')))
  await send(list(allergy('PEN')))
  expect(await told(world)).toEqual(['EGG stands', 'NUT stands', 'PEN stands', 'SOY entered-in-error'])
  expect(await itemsOf(engine)).toEqual([])
})

it('asks about an allergy that a feed leaves out and another still has in its list', async () => {
  const world = await startTwoFeeds(WHOLE)
  const { engine, send, sendOther } = world
  await send(list(allergy('PEN', 'A1^HUB'), allergy('SOY', 'A2^HUB')))
  await sendOther(list(allergy('PEN', 'A1^HUB')))
  await send(list(allergy('SOY', 'A2^HUB')))
  expect(await told(world)).toEqual(['PEN stands', 'SOY stands'])
  expect(await itemsOf(engine)).toEqual([
    expect.stringMatching(/^clinicalStatus .*active/) as string,
    expect.stringMatching(/^verificationStatus .*entered-in-error/) as string,
  ])
  await sendOther(list())
  expect(await told(world)).toEqual(['PEN entered-in-error', 'SOY stands'])
})
