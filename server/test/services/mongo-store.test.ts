import { openMongoStore } from '../../src/store/mongo/store.ts'
import { storeContract } from '../../src/store/store.contract.ts'
import { freshDatabase } from '../database.ts'
import { dropDatabase, mongoUrl } from './mongo-server.ts'

const url = await mongoUrl()

storeContract('mongo', async () => {
  const database = freshDatabase()
  return {
    open: async (clock) => openMongoStore({ url, database, clock }),
    remove: async () => dropDatabase(url, database),
  }
})
