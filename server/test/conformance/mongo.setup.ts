import type { TestProject } from 'vitest/node'

import { mongoUrl } from '../services/mongo-server.ts'

/** Runs the suite on the MongoDB store, at `MONGODB_URL` or on the stand-in that `scripts/services/mongo` starts. */
export async function setup(project: TestProject): Promise<void> {
  project.provide('mongodb', await mongoUrl())
}
