import { describe, expect, it } from 'vitest'

import { canonicalUnit, canonicalValue } from './ucum.ts'

function amount(value: number, code: string): readonly [number, string] | undefined {
  const unit = canonicalUnit(code)
  return unit && [canonicalValue(value, unit), unit.dimension]
}

describe('canonical units', () => {
  // Factors as printed in the tables of UCUM.
  it.each([
    [5.4, 'mg', 5400, 'ug'],
    [90, 'mg/dL', 0.9, 'g/L'],
    [5, 'mmol/L', 5, 'mol/m3'],
    [1, 'mm[Hg]', 133.322, 'Pa'],
    [120, 'mm[Hg]', 15.998_64, 'kPa'],
    [37, 'Cel', 310.15, 'K'],
    [98.6, '[degF]', 37, 'Cel'],
    [60, '/min', 1, 'Hz'],
    [72, '{beats}/min', 72, '/min'],
    [4.5, '10*3/uL', 4.5, '10*9/L'],
    [4.5, '10*6/uL', 4_500_000, '/uL'],
    [1, 'kg/m2', 1000, 'g/m2'],
    [1, '[lb_av]', 0.453_592_37, 'kg'],
    [1, '[in_i]', 2.54, 'cm'],
    [2, 'h', 7200, 's'],
    [60, 'U/L', 1, 'umol/s/L'],
    [1, 'dag', 10, 'g'],
    [1, 'mL/(kg.min)', 1, 'ml/kg/min'],
    [50, '%', 0.5, '1'],
    [1, 'cm[H2O]', 98.0665, 'Pa'],
    [1, 'k[iU]/L', 1, '[IU]/mL'],
    [1, 'dyn.s.cm-5', 1e5, 'Pa.s/m3'],
    [3, 'g{creatinine}', 3000, 'mg'],
    [2, 'mg%', 2, 'mg/dL'],
    [50, "[wood'U]", 3, '[PRU]'],
    [3, '[tsp_m]', 1, '[tbs_m]'],
    [1, '[MET]', 3.5, 'mL/min/kg'],
    [12, '[Ch]', 4, 'mm'],
    [1, 'a_t', 365.242_19, 'd'],
  ])('say that %d %s is %d %s', (value, unit, ...[other, otherUnit]) => {
    expect(amount(value, unit)).toBeDefined()
    expect(amount(value, unit)).toEqual(amount(other, otherUnit))
  })
})

describe('units', () => {
  it.each([
    ['mg', 'mmol'],
    ['mg/dL', 'mg'],
    ['mol', '1'],
    ["[GPL'U]", "[MPL'U]"],
    ['[CFU]', '[PFU]'],
    ['eq', 'mol'],
    ['[iU]', 'g'],
    ['Cel', 'Cel/s'],
  ])('keep %s and %s apart', (one, other) => {
    expect(amount(1, one)?.[1]).not.toBe(amount(1, other)?.[1])
  })

  it.each([
    '',
    'furlong',
    'mg/',
    '(mg',
    'mg)',
    'Mg/dL)',
    'k%',
    'mmin',
    'm[CFU]',
    'm[tsp_m]',
    'x'.repeat(1000),
    '{',
    '5..4',
  ])('do not know "%s"', (code) => {
    expect(canonicalUnit(code)).toBeUndefined()
  })
})
