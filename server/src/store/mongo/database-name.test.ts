import { expect, it } from 'vitest'

import { databaseIn } from './database-name.ts'

it.each([
  ['mongodb://mongo:27017/hub?replicaSet=rs0', 'hub'],
  ['mongodb://a.example:27017,b.example:27018,c.example/hub?replicaSet=rs0&w=majority', 'hub'],
  ['mongodb+srv://user:p%2Fw%40rd@cluster.example/ward%20one?retryWrites=false', 'ward one'],
  ['mongodb://a,b', 'mogran'],
  ['mongodb://a,b/', 'mogran'],
  ['mongodb://a,b/?replicaSet=rs0', 'mogran'],
  ['mongodb://[::1]:27017,%2Ftmp%2Fmongodb.sock/hub', 'hub'],
  ['mongodb://a?appName=x/y', 'mogran'],
])('finds the database of %s', (url, name) => {
  expect(databaseIn(url)).toBe(name)
})
