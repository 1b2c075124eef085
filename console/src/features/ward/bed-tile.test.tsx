import type { Bed, Occupant } from '@hub/care/facility/wards.contract.ts'
import { createTheme, ThemeProvider } from '@mui/material/styles'
import { act, cleanup, render, screen } from '@testing-library/react'
import { MemoryRouter } from 'react-router'
import { afterEach, expect, it } from 'vitest'

import { takeAlarm } from '../../api/alarms.ts'
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

afterEach(cleanup)

const readAt = Date.now()

function show(taken: boolean, patient = occupant): void {
  render(
    <ThemeProvider theme={createTheme()}>
      <MemoryRouter>
        <ul>
          {taken ? (
            <BedTile bed={bed} occupant={patient} readAt={readAt} />
          ) : (
            <BedTile bed={bed} readAt={readAt} />
          )}
        </ul>
      </MemoryRouter>
    </ThemeProvider>,
  )
}

function hear(phase: 'raised' | 'cleared', value: number): void {
  const data = { device: 'd', alarm: 'a', phase, metric: 'hr', value, limits: { low: 40, high: 120 } }
  act(() => takeAlarm({ type: 'live', topic: 'vitals.critical', time: readAt, patient: 'Patient/p', data }))
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

it('marks an alarm as it is raised, with the value against its limit, until it is cleared', () => {
  show(true)
  expect(screen.queryByText('ALARM')).toBeNull()
  hear('raised', 143)
  expect(screen.getByText('ALARM')).toBeTruthy()
  expect(screen.getByText('143 > 120')).toBeTruthy()
  hear('cleared', 110)
  expect(screen.queryByText('ALARM')).toBeNull()
})

it('shows value, limit and acknowledgement of an alarm that it knows from the record only', () => {
  const breach = { metric: 'hr', value: 38, limits: { low: 40, high: 120 } } as const
  show(true, { ...occupant, patient: 'Patient/q', alarm: { id: 'f', since: readAt, breach } })
  expect(screen.getByText('38 < 40')).toBeTruthy()
  expect(screen.getByText('ALARM')).toBeTruthy()
  cleanup()
  show(true, { ...occupant, patient: 'Patient/r', alarm: { id: 'f', since: readAt, acknowledged: readAt } })
  expect(screen.getByText('Vital signs critical')).toBeTruthy()
  expect(screen.getByText('ALARM, acknowledged')).toBeTruthy()
})
