import { fault } from '../../kernel/fault.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { canonicalUnit, canonicalValue } from '../keys/ucum.ts'
import type { Test } from './clause.ts'
import { splitAt } from './values.ts'

const EARTH_METRES = 6_371_000
/** For a value without a distance. */
const NEARBY = { distance: 50, unit: 'km' }
const NUMBER = /^[+-]?\d{1,9}(?:\.\d{1,15})?$/

/** `latitude|longitude|distance|unit` of Location: the straight distance on the globe. @throws Fault `malformed` */
export function nearTest(value: string): Test {
  const [latitude = '', longitude = '', distance = String(NEARBY.distance), unit = NEARBY.unit, ...more] =
    splitAt(value, '|')
  const length = canonicalUnit(unit)
  const isWritten = [latitude, longitude, distance].every((text) => NUMBER.test(text)) && more.length === 0
  if (!isWritten || length?.dimension !== 'm1' || Math.abs(Number(latitude)) > 90) {
    throw fault('malformed', {
      code: 'value',
      text: 'near is written latitude|longitude, |distance and |unit of length (UCUM, such as km) may follow',
    })
  }
  const from = { latitude: Number(latitude), longitude: Number(longitude) }
  const most = canonicalValue(Number(distance), length)
  return {
    by: 'body',
    key: 'near:missing=false',
    holds: (resource) => {
      const place = placeOf(resource['position'])
      return place !== undefined && metresBetween(from, place) <= most
    },
  }
}

interface Place {
  readonly latitude: number
  readonly longitude: number
}

function placeOf(position: JsonValue | undefined): Place | undefined {
  if (typeof position !== 'object' || position === null || Array.isArray(position)) return undefined
  const { latitude, longitude } = position as JsonObject
  return typeof latitude === 'number' && typeof longitude === 'number' ? { latitude, longitude } : undefined
}

/** The haversine formula. */
function metresBetween(a: Place, b: Place): number {
  const h =
    squareHalf(b.latitude - a.latitude) +
    Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * squareHalf(b.longitude - a.longitude)
  return 2 * EARTH_METRES * Math.asin(Math.min(1, Math.sqrt(h)))
}

function squareHalf(degrees: number): number {
  return Math.sin(radians(degrees) / 2) ** 2
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180
}
