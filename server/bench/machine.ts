import { spawnSync } from 'node:child_process'
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

import { freshFolder, startHub } from './hub-process.ts'
import { median, note, type Row } from './sides.ts'

const SYNCS = 400
const SETTLE_MS = 5000
const MEGABYTE = 1024 * 1024

/** What the disk can do at most: an 8 KiB write and an fdatasync, one after the other. */
export function syncRate(): Row {
  const hub = `${syncsPerSecond(tmpdir()).toFixed(0)}/s`
  return { what: 'fdatasync of the disk', hub, bare: '-', ratio: '-', wanted: '-' }
}

/** @param folder on the disk that is measured */
export function syncsPerSecond(folder: string): number {
  const path = join(folder, `mogran-sync-${process.pid}`)
  const file = openSync(path, 'w')
  const block = Buffer.alloc(8192)
  const from = performance.now()
  for (let index = 0; index < SYNCS; index += 1) {
    writeSync(file, block, 0, block.length, index * block.length)
    fdatasyncSync(file)
  }
  const perSecond = SYNCS / ((performance.now() - from) / 1000)
  closeSync(file)
  rmSync(path)
  return perSecond
}

/** From the start of the process to the first answer, in multiples of a Node that does nothing. */
export async function firstAnswer(rounds: number): Promise<Row> {
  const folder = freshFolder()
  const [hubs, bares]: [number[], number[]] = [[], []]
  // The first start of all fills the compile cache.
  for (let round = -1; round < rounds; round += 1) {
    const from = performance.now()
    const hub = await startHub(folder)
    await fetch(`${String(hub.ready['http'])}/fhir/metadata`)
    const hubMs = performance.now() - from
    await hub.stop()
    const before = performance.now()
    spawnSync(process.execPath, ['-e', '0'])
    const bareMs = performance.now() - before
    if (round < 0) continue
    hubs.push(hubMs)
    bares.push(bareMs)
    note({ what: 'process start to first answer', hubMs, bareMs })
  }
  rmSync(folder, { recursive: true })
  const [ours, bare] = [median(hubs), median(bares)]
  return {
    what: 'process start to first answer (`node -e 0` beside it; at most)',
    hub: `${ours.toFixed(0)} ms`,
    bare: `${bare.toFixed(0)} ms`,
    ratio: (ours / bare).toFixed(1),
    wanted: '25',
  }
}

/** Resident memory of a hub that nobody uses. */
export async function idleMemory(): Promise<Row> {
  const folder = freshFolder()
  const hub = await startHub(folder)
  await setTimeout(SETTLE_MS)
  const megabytes = hub.memoryBytes() / MEGABYTE
  note({ what: 'idle memory', megabytes })
  await hub.stop()
  rmSync(folder, { recursive: true })
  const what = 'memory of an idle hub (at most)'
  return { what, hub: `${megabytes.toFixed(0)} MB`, bare: '-', ratio: '-', wanted: '150 MB' }
}
