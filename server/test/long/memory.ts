import type { Hub } from '../flows/hub.ts'

/** MiB that a hub holds itself: its heap and the buffers outside of it. Pages of the store's files that the system keeps for it are not counted. */
export async function heldMiB(hub: Hub): Promise<number> {
  const metrics = await (await hub.ask('/metrics')).text()
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(metrics)?.[1])
  const bytes = value('nodejs_heap_size_used_bytes') + value('nodejs_external_memory_bytes')
  return bytes / 1024 / 1024
}
