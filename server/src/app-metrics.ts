import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'

const registry = new Registry()
collectDefaultMetrics({ register: registry })
const gauges = new Map<string, Gauge>()

/** The process and the store in the text format of Prometheus. Loaded at the first scrape, because the client costs start-up time. */
export async function metricsText(
  health: Readonly<Record<string, number>>,
): Promise<{ readonly type: string; readonly text: string }> {
  for (const [name, value] of Object.entries(health)) gaugeOf(name).set(value)
  return { type: registry.contentType, text: await registry.metrics() }
}

function gaugeOf(name: string): Gauge {
  const known = gauges.get(name)
  if (known) return known
  const help = `Store: ${name.replaceAll('_', ' ')}`
  const gauge = new Gauge({ name: `mogran_store_${name}`, help, registers: [registry] })
  gauges.set(name, gauge)
  return gauge
}
