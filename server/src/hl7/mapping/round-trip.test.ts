import { expect, it } from 'vitest'

import type { JsonObject } from '../../kernel/json.ts'
import { parseMessage } from '../message/parse-message.ts'
import { createMapper } from './mapper.ts'
import { builtOf } from './outbound-cases.ts'

const MAPPINGS = new URL('../../../../mappings', import.meta.url).pathname
const mapper = await createMapper(MAPPINGS)
const VERSIONS = ['2.3.1', '2.4', '2.5', '2.5.1', '2.6', '2.7', '2.8']
const TEXT = 'a|b^c~d\\e&f\nأمينة 😀'

const subject = { reference: 'Patient/p' }
const others = {
  'Patient/p': { resourceType: 'Patient', id: 'p', identifier: [{ system: 'urn:n', value: '1' }] },
}

/** What another hub makes of the message that is sent for a resource. */
async function arrived(definition: string, resource: JsonObject, version: string) {
  const request = { definition, resource, others }
  const text = (await builtOf(request, mapper.outbound, { controlId: 'C1', version })) ?? ''
  const { images } = mapper.map(parseMessage(text), 'default')
  return images.find(({ type }) => type === resource['resourceType'])?.resource
}

it.each(VERSIONS)(
  'an urgent drug that is given when needed arrives so from a message of %s',
  async (version) => {
    const order = {
      resourceType: 'MedicationRequest',
      id: 'm',
      status: 'active',
      intent: 'order',
      priority: 'stat',
      medicationCodeableConcept: { coding: [{ code: 'IBU', display: 'Ibuprofen' }] },
      subject,
      reasonCode: [{ text: TEXT }],
      dosageInstruction: [
        {
          asNeededBoolean: true,
          timing: {
            code: { coding: [{ code: 'BID' }] },
            repeat: { boundsDuration: { value: 7, code: 'd' } },
          },
          doseAndRate: [{ doseQuantity: { value: 2, unit: 'tablet' } }],
        },
      ],
    }
    expect(await arrived('MedicationRequest.RDE_O11', order, version)).toMatchObject({
      status: 'active',
      priority: 'stat',
      medicationCodeableConcept: { coding: [{ code: 'IBU' }] },
      reasonCode: [{ text: TEXT }],
      dosageInstruction: [
        {
          asNeededBoolean: true,
          timing: {
            code: { coding: [{ code: 'BID' }] },
            repeat: { boundsDuration: { value: 7, code: 'd' } },
          },
          doseAndRate: [{ doseQuantity: { unit: 'tablet' } }],
        },
      ],
    })
  },
)

it.each(VERSIONS)(
  'a person arrives from a message of %s with every character of the name',
  async (version) => {
    const patient = {
      resourceType: 'Patient',
      id: 'p',
      identifier: [{ system: 'urn:n', value: '4|7' }],
      name: [{ use: 'official', family: 'عبد|الله', given: ['أمينة', 'O\\Neil & 😀'] }],
      birthDate: '1987-04-02',
      gender: 'female',
    }
    const { identifier: _number, ...told } = patient
    const found = await arrived('Patient.ADT', patient, version)
    expect(found).toMatchObject({
      resourceType: 'Patient',
      name: told.name,
      birthDate: told.birthDate,
      gender: 'female',
    })
    expect(found?.['identifier']).toMatchObject([{ value: '4|7' }])
  },
)
