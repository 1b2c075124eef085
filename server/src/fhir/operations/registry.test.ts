import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { expect, it } from 'vitest'

import { LATER, OPERATIONS } from './registry.ts'

const FOLDER = fileURLToPath(new URL('.', import.meta.url))

it('lists the operation of every folder, sorted', () => {
  const folders = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  expect(OPERATIONS.map(({ definition }) => definition.code)).toEqual(
    folders.map(({ name }) => name).toSorted(),
  )
})

it('promises nothing for later that is there already', () => {
  const codes = new Set(OPERATIONS.map(({ definition }) => definition.code))
  expect(LATER.filter((code) => codes.has(code))).toEqual([])
  expect(LATER).toEqual(LATER.toSorted())
})

it('gives every parameter of an operation one name', () => {
  for (const { definition } of OPERATIONS) {
    const names = definition.parameter.map(({ use, name }) => `${use} ${name}`)
    expect(new Set(names).size, definition.code).toBe(names.length)
  }
})
