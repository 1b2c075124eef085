// Makes the one MongoDB of docker-compose.yml a replica set of its own, so that majority reads and writes mean what they say. Run by mongosh; may run again.
try {
  rs.status()
} catch (error) {
  if (error.codeName !== 'NotYetInitialized') throw error
  rs.initiate({ _id: 'hub', members: [{ _id: 0, host: 'mongo:27017' }] })
}
while (!db.hello().isWritablePrimary) sleep(200)
