import { fault } from '../../kernel/fault.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { canonicalUnit, canonicalValue } from '../keys/ucum.ts'
import type { Test } from './clause.ts'
import { splitAt } from './values.ts'

const EARTH_METRES = 6_371_000
/** Where no distance is given it is ours to choose; where no unit is given it is this one. */
const NEARBY = { distance: '50', unit: 'km' }
const NUMBER = /^[+-]?\d{1,9}(?:\.\d{1,15})?$/

/**
 * `latitude|longitude|distance|unit` of Location: the straight distance on the globe.
 *
 * @throws Fault `malformed`
 * @see FHIR R4, "Location", search parameter near
 */
export function nearTest(value: string): Test {
  const [latitude = '', longitude = '', ...within] = splitAt(value, '|')
  const isWritten = NUMBER.test(latitude) && NUMBER.test(longitude)
  const from = { latitude: Number(latitude), longitude: Number(longitude) }
  const most = mostMetres(within)
  if (!isWritten || Math.abs(from.latitude) > 90 || Math.abs(from.longitude) > 180 || most === undefined) {
    throw fault('malformed', {
      code: 'value',
      text: 'near is written latitude|longitude, in degrees; |distance and |unit of length (UCUM, such as km or [mi_i]) may follow',
    })
  }
  return {
    by: 'body',
    key: 'near:missing=false',
    holds: (resource) => {
      const place = placeOf(resource['position'])
      return place !== undefined && metresBetween(from, place) <= most
    },
  }
}

/** @returns `undefined` for what is no distance */
function mostMetres([distance = '', unit = '', ...more]: readonly string[]): number | undefined {
  const given = distance === '' ? NEARBY : { distance, unit: unit === '' ? NEARBY.unit : unit }
  const metres = metresOf(given.unit)
  if (metres === undefined || !NUMBER.test(given.distance) || more.length > 0) return undefined
  const most = Number(given.distance) * metres
  return most < 0 ? undefined : most
}

const SURVEY_FOOT_METRES = 1200 / 3937
/** Of the lands that are measured in them. No key of a resource holds them. */
const SURVEY_FEET: ReadonlyMap<string, number> = new Map([
  ['[ft_us]', 1],
  ['[yd_us]', 3],
  ['[fth_us]', 6],
  ['[rd_us]', 16.5],
  ['[ch_us]', 66],
  ['[fur_us]', 660],
  ['[mi_us]', 5280],
])

/** @returns `undefined` for what is no unit of length */
function metresOf(unit: string): number | undefined {
  const feet = SURVEY_FEET.get(unit)
  if (feet !== undefined) return feet * SURVEY_FOOT_METRES
  const length = canonicalUnit(unit)
  return length?.dimension === 'm1' ? canonicalValue(1, length) : undefined
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
