import { randomUUID } from 'node:crypto'

import { fault } from '../../../kernel/fault.ts'
import type { RebuildProgress } from '../../../store/key-rebuild.ts'
import { jsonBody } from '../../calls/answers.ts'
import type { Answer } from '../../calls/call.ts'
import type { RestDeps } from '../../calls/rest-deps.ts'
import type { OperationParameter } from '../operation-definition.ts'
import type { Invocation, Operation } from '../operation.ts'

const out = (name: string, type: string, documentation: string): OperationParameter => ({
  name,
  use: 'out',
  min: 1,
  max: '1',
  type,
  documentation,
})

/** Search keys of what is stored, made again in the background: of everything, or of one type. */
export const reindex: Operation = {
  definition: {
    url: 'urn:mogran:operation:reindex',
    name: 'Reindex',
    code: 'reindex',
    description:
      'Makes the search keys of all resources, or of those of one type, again in the background. POST starts a job, or names the one that runs ' +
      'at this address already; GET tells how the last one goes on. It survives a restart of the hub. For administrators.',
    affectsState: true,
    answersGet: true,
    system: true,
    type: true,
    instance: false,
    resource: ['Resource'],
    parameter: [
      {
        name: 'job',
        use: 'in',
        min: 0,
        max: '1',
        type: 'string',
        documentation: 'Asks for this job, and starts none: not found once another one took its place',
      },
      out('job', 'string', 'Names the job'),
      out('state', 'code', 'in-progress or completed'),
      out('done', 'integer', 'Resources that were looked at'),
      out('total', 'integer', 'Resources that there were at the start'),
      out('failed', 'integer', 'Resources whose keys could not be made: they keep the old ones'),
    ],
  },
  run: async (deps, invocation) => {
    const { call, type, given } = invocation
    await deps.access.useCommand(call.caller, 'search-keys.rebuild', {
      interaction: 'reindex',
      ...(type === undefined ? {} : { entity: type }),
    })
    const job = given.text('job')
    const last = await lastJob(deps, invocation)
    if (call.method !== 'POST' || job !== undefined) {
      if (last && (job === undefined || job === last.target)) return answerOf(last)
      throw fault('not-found', { code: 'not-found', text: 'There is no such job: POST starts one' })
    }
    if (last?.isFinished === false) return answerOf(last)
    const types = type === undefined ? {} : { types: [type] }
    await deps.keys.start({ name: nameOf(type), target: randomUUID(), ...types })
    const started = await lastJob(deps, invocation)
    if (!started) throw new Error('a job that was started and is not there')
    return answerOf(started)
  },
}

/** At one address there is one job at a time. */
function nameOf(type: string | undefined): string {
  return type === undefined ? 'reindex' : `reindex ${type}`
}

async function lastJob({ keys }: RestDeps, { type }: Invocation): Promise<RebuildProgress | undefined> {
  const jobs = await keys.progress()
  return jobs.find(({ name }) => name === nameOf(type))
}

function answerOf({ target, isFinished, done, total, failed }: RebuildProgress): Answer {
  const parameter = [
    { name: 'job', valueString: target },
    { name: 'state', valueCode: isFinished ? 'completed' : 'in-progress' },
    { name: 'done', valueInteger: done },
    { name: 'total', valueInteger: total },
    { name: 'failed', valueInteger: failed },
  ]
  return { status: 200, headers: {}, body: jsonBody({ resourceType: 'Parameters', parameter }) }
}
