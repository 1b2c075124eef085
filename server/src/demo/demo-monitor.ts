/** Numerics of one demo monitor; the third patient deteriorates a minute after the start. */
export interface DemoVitals {
  readonly hr: number
  readonly spo2: number
  readonly rr: number
  readonly temp: number
  readonly nibp?: { readonly sys: number; readonly dia: number; readonly map: number }
}

const DETERIORATES_AFTER_SECONDS = 60
const RAMP_SECONDS = 45
const NIBP_EVERY_SECONDS = 30

/** Deterministic in the second: the same start gives the same curve. `bed` counts from 1. */
export function vitalsAt(bed: number, second: number): DemoVitals {
  const sick = bed === 3 ? ramp(second - DETERIORATES_AFTER_SECONDS) : 0
  const wave = Math.sin((second + bed * 7) / 9) + Math.sin((second * 1.7 + bed) / 4) / 2
  const vitals = {
    hr: Math.round(68 + bed * 5 + wave * 3 + sick * 58),
    spo2: Math.round(98 - (bed % 2) + wave * 0.6 - sick * 9),
    rr: Math.round(14 + bed * 0.7 + wave + sick * 14),
    temp: Math.round((36.6 + bed * 0.2 + wave * 0.05 + sick * 1.4) * 10) / 10,
  }
  if (second % NIBP_EVERY_SECONDS !== 0) return vitals
  const [sys, dia] = [Math.round(126 - bed * 2 + wave * 4 - sick * 38), Math.round(78 + wave * 2 - sick * 22)]
  return { ...vitals, nibp: { sys, dia, map: Math.round((sys + 2 * dia) / 3) } }
}

/** 0 before, 1 after the ramp. */
function ramp(seconds: number): number {
  return Math.min(Math.max(seconds / RAMP_SECONDS, 0), 1)
}
