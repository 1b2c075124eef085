import type { Bed, Occupant } from '@hub/care/facility/wards.contract.ts'
import { createTheme, ThemeProvider } from '@mui/material/styles'
import { cleanup, render, screen } from '@testing-library/react'
import { MemoryRouter } from 'react-router'
import { afterEach, beforeAll, expect, it } from 'vitest'

import { startLanguage } from '../../app/language.ts'
import { BedTile } from './bed-tile.tsx'

const bed: Bed = { id: 'Location/b', label: 'A-01', kind: 'bed', occupants: [] }
const occupant: Occupant = {
  encounter: 'Encounter/e',
  patient: 'Patient/p',
  name: 'ELTAYEB, Amna',
  birthDate: '1981',
  gender: 'female',
  vitals: {},
  results: [
    {
      resource: 'Observation/k',
      label: 'Potassium',
      parts: [{ text: '6.80', element: 'Observation.valueQuantity.value' }],
      unit: 'mmol/L',
      at: Date.now(),
      flag: 'critical-high',
    },
  ],
}

beforeAll(startLanguage)
afterEach(cleanup)

function show(taken: boolean): void {
  render(
    <ThemeProvider theme={createTheme()}>
      <MemoryRouter>
        <ul>{taken ? <BedTile bed={bed} occupant={occupant} /> : <BedTile bed={bed} />}</ul>
      </MemoryRouter>
    </ThemeProvider>,
  )
}

it('says that a bed is free', () => {
  show(false)
  expect(screen.getByRole('heading', { name: 'A-01' })).toBeTruthy()
  expect(screen.getByText('Free')).toBeTruthy()
})

it('leads from the name to the chart, from a value to its source', () => {
  show(true)
  expect(screen.getByRole('link', { name: 'ELTAYEB, Amna' }).getAttribute('href')).toBe('/patients/p')
  expect(screen.getByRole('link', { name: '6.80' }).getAttribute('href')).toBe(
    '/source/Observation/k?element=Observation.valueQuantity.value',
  )
})

it('says by a word that a result is critical', () => {
  show(true)
  expect(screen.getByText(/CRITICAL high/)).toBeTruthy()
})

it('shows a vital sign that nobody measured as not measured', () => {
  show(true)
  expect(screen.getAllByLabelText('not measured')).toHaveLength(5)
})
