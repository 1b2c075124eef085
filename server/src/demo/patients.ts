/** Invented people of the demo hospital. Every message about them carries processing id T, which marks what it makes as HTEST. */
export interface DemoPatient {
  readonly number: string
  readonly family: string
  readonly given: string
  readonly birth: string
  readonly sex: 'F' | 'M'
  readonly bed: string
  /** Reason for admission: ICD-10 code and text. */
  readonly reason: readonly [code: string, text: string]
  /** Device whose cable hangs on this patient. */
  readonly monitor?: string
  /** When the patient is admitted, seconds after the start. */
  readonly afterSeconds: number
  /** Laboratory values in the order of `ANALYTES`. */
  readonly results: readonly (readonly [value: string, flag: string])[]
}

export interface Analyte {
  readonly loinc: string
  readonly name: string
  readonly unit: string
  readonly range: string
}

export const ANALYTES: readonly Analyte[] = [
  { loinc: '718-7', name: 'Hemoglobin', unit: 'g/dL', range: '12.0-16.0' },
  { loinc: '6690-2', name: 'Leukocytes', unit: '10*3/uL', range: '4.0-11.0' },
  { loinc: '777-3', name: 'Platelets', unit: '10*3/uL', range: '150-400' },
  { loinc: '2823-3', name: 'Potassium', unit: 'mmol/L', range: '3.5-5.1' },
  { loinc: '2951-2', name: 'Sodium', unit: 'mmol/L', range: '136-145' },
  { loinc: '2160-0', name: 'Creatinine', unit: 'mg/dL', range: '0.60-1.10' },
]

export const PATIENTS: readonly DemoPatient[] = [
  {
    number: 'HTEST-1001',
    family: 'Alnoor',
    given: 'Salma',
    birth: '19580312',
    sex: 'F',
    bed: '01',
    reason: ['J18.9', 'Pneumonia'],
    monitor: 'monitor-01',
    afterSeconds: 0,
    results: [
      ['11.2', 'L'],
      ['14.80', 'H'],
      ['310', ''],
      ['4.1', ''],
      ['138', ''],
      ['0.90', ''],
    ],
  },
  {
    number: 'HTEST-1002',
    family: 'Deng',
    given: 'Majok',
    birth: '19710725',
    sex: 'M',
    bed: '02',
    reason: ['I50.9', 'Heart failure'],
    monitor: 'monitor-02',
    afterSeconds: 0,
    results: [
      ['13.4', ''],
      ['7.20', ''],
      ['221', ''],
      ['3.4', 'L'],
      ['133', 'L'],
      ['1.32', 'H'],
    ],
  },
  {
    number: 'HTEST-1003',
    family: 'Okafor',
    given: 'Ifeoma',
    birth: '19890103',
    sex: 'F',
    bed: '03',
    reason: ['A41.9', 'Sepsis'],
    monitor: 'monitor-03',
    afterSeconds: 0,
    results: [
      ['10.1', 'L'],
      ['19.60', 'HH'],
      ['98', 'L'],
      ['4.8', ''],
      ['141', ''],
      ['1.85', 'H'],
    ],
  },
  {
    number: 'HTEST-1004',
    family: 'Haile',
    given: 'Tesfaye',
    birth: '19440917',
    sex: 'M',
    bed: '04',
    reason: ['S72.0', 'Fracture of neck of femur'],
    afterSeconds: 20,
    results: [
      ['9.6', 'L'],
      ['9.10', ''],
      ['265', ''],
      ['4.4', ''],
      ['140', ''],
      ['0.97', ''],
    ],
  },
  {
    number: 'HTEST-1005',
    family: 'Martin',
    given: 'Lucie',
    birth: '20010530',
    sex: 'F',
    bed: '06',
    reason: ['N17.9', 'Acute kidney failure'],
    afterSeconds: 40,
    results: [
      ['12.8', ''],
      ['8.30', ''],
      ['190', ''],
      ['6.9', 'HH'],
      ['131', 'L'],
      ['4.12', 'HH'],
    ],
  },
]
