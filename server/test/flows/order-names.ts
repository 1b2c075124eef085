import type { JsonObject } from '../../src/kernel/json.ts'
import type { Engine } from './assemble-engine.ts'

/** Of each thing of a type the orders that it names: service or drug of one that is there, else the number alone. */
export async function ordersNamed(engine: Engine, type: string, element = 'basedOn') {
  const all = [...(await engine.all('ServiceRequest')), ...(await engine.all('MedicationRequest'))]
  const names = new Map(
    all.map((one) => [`${one['resourceType'] as string}/${one['id'] as string}`, nameOf(one)]),
  )
  return (await engine.all(type)).flatMap((one) =>
    [one[element] ?? []].flat().map((each) => {
      const { reference, identifier } = each as { reference?: string; identifier?: JsonObject }
      return names.get(reference ?? '') ?? identifier?.['value']
    }),
  )
}

function nameOf({ code, medicationCodeableConcept }: JsonObject): string {
  return ((code ?? medicationCodeableConcept ?? {}) as JsonObject)['text'] as string
}
