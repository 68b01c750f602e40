// Sends with one of Node's clients of log backends:
//
//   node send.mjs CLIENT URL FILE
//   node send.mjs sentry|otlp|otlp-json URL
//
// FILE has one JSON document a line. How many were sent is printed as JSON; the
// exit code is not 0 if the client says that one was lost. Without a file, what a
// program in trouble reports is sent; credentials to leak come on standard input as
// JSON.

import { readFileSync } from 'node:fs'

const [client, url, file] = process.argv.slice(2)
const documents = file ? readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line)) : []
const secrets = file ? {} : JSON.parse(readFileSync(0, 'utf8'))
const text = (d) => (typeof d.message === 'string' ? d.message : 'no message')
const failures = []
const fail = (err) => failures.push(err)

// until waits for a condition, half a minute at most.
async function until (done) {
  for (let i = 0; !done() && i < 600; i++) await new Promise((resolve) => setTimeout(resolve, 50))
}

const ended = (stream, event) => new Promise((resolve) => stream.on(event, resolve))

async function pinoWith (stream, event) {
  const { pino } = await import('pino')
  const log = pino({ base: undefined }, stream)
  for (const d of documents) log.info(d, text(d))
  const closed = ended(stream, event)
  stream.end()
  await closed
}

async function winstonWith (transport) {
  const winston = (await import('winston')).default
  const log = winston.createLogger({ transports: [transport] })
  log.on('error', fail)
  transport.on('error', fail)
  let logged = 0
  transport.on('logged', () => logged++)
  for (const d of documents) log.info({ ...d, level: 'info', message: text(d) })
  await until(() => logged === documents.length)
}

async function exportLogs (exporter) {
  const { LoggerProvider, BatchLogRecordProcessor } = await import('@opentelemetry/sdk-logs')
  const { OTLPLogExporter } = await import(exporter)
  const logs = new OTLPLogExporter({ url: `${url}/v1/logs`, compression: 'gzip' })
  const provider = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter: logs })] })
  const logger = provider.getLogger('shop.worker')
  for (const [i, body] of [
    'listening on 0.0.0.0:8000, 4 workers: naïve café',
    `charge with ${secrets.stripe} refused`,
    { user: 'jane', password: secrets.password, port: 5432 },
    ['eu', secrets.aws],
    `connect postgresql://app:${secrets.database}@db:5432/app failed`
  ].entries()) {
    logger.emit({
      severityNumber: 13, severityText: 'WARN', timestamp: Date.now() - 60000 + i, body,
      attributes: { n: i, ratio: 0.25, 'http.request.header.authorization': `Bearer ${secrets.session}` }
    })
  }
  await provider.forceFlush()
  await provider.shutdown()
}

const clients = {
  async elastic () {
    const { Client } = await import('@elastic/elasticsearch')
    const es = new Client({ node: url, maxRetries: 0 })
    let id = 0
    const result = await es.helpers.bulk({
      datasource: documents,
      flushBytes: 8 << 10,
      concurrency: 1,
      retries: 0,
      onDocument: () => ({ index: { _index: 'logs-elastic', _id: String(id++) } }),
      onDrop: () => fail(new Error('a document was dropped'))
    })
    if (result.successful !== documents.length) fail(new Error(`${result.successful} documents`))
    await es.close()
  },

  async 'pino-elasticsearch' () {
    const { default: pinoElastic } = await import('pino-elasticsearch')
    const stream = pinoElastic({ index: 'logs-pino', node: url, flushBytes: 8 << 10, flushInterval: 500, esVersion: 8 })
    let inserted = 0
    stream.on('insert', (stats) => { inserted += stats.successful })
    for (const event of ['insertError', 'error', 'unknown']) stream.on(event, fail)
    const { pino } = await import('pino')
    const log = pino({ base: undefined }, stream)
    // What has a time of its own is not taken by the transport.
    for (const { '@timestamp': _, ...d } of documents) log.info(d, text(d))
    stream.end()
    await until(() => inserted >= documents.length || failures.length > 0)
    if (inserted !== documents.length) fail(new Error(`${inserted} documents`))
  },

  async 'winston-elasticsearch' () {
    const { ElasticsearchTransport } = await import('winston-elasticsearch')
    const transport = new ElasticsearchTransport({
      clientOpts: { node: url, maxRetries: 0 }, index: 'logs-winston', flushInterval: 10000, retryLimit: 0, bufferLimit: 1000
    })
    await winstonWith(transport)
    const writer = transport.bulkWriter
    await until(() => writer.esConnection)
    await transport.flush()
    await until(() => writer.bulk.length === 0 && !writer.running)
  },

  async 'pino-loki' () {
    const { default: pinoLoki } = await import('pino-loki')
    const { origin: host, pathname } = new URL(url)
    const endpoint = `${pathname.slice(1)}/loki/api/v1/push`
    await pinoWith(pinoLoki({ host, endpoint, labels: { app: 'shop' }, batching: { interval: 1 }, silenceErrors: false }), 'close')
  },

  async 'pino-datadog' () {
    const { default: pinoDatadog } = await import('pino-datadog-transport')
    const { BaseServerConfiguration } = await import('@datadog/datadog-api-client/dist/packages/datadog-api-client-common/servers.js')
    const stream = pinoDatadog({
      ddClientConf: { authMethods: { apiKeyAuth: 'own' }, baseServer: new BaseServerConfiguration(url, {}) },
      ddsource: 'shop', ddtags: 'env:staging', service: 'worker', sendIntervalMs: 200, onError: fail
    })
    await pinoWith(stream, 'close')
    await new Promise((resolve) => setTimeout(resolve, 1500))
  },

  async 'winston-loki' () {
    const { default: LokiTransport } = await import('winston-loki')
    const transport = new LokiTransport({
      host: url, labels: { app: 'shop' }, json: true, batching: true, interval: 1, gracefulShutdown: false, onConnectionError: fail
    })
    await winstonWith(transport)
    await transport.flush()
  },

  otlp: () => exportLogs('@opentelemetry/exporter-logs-otlp-proto'),
  'otlp-json': () => exportLogs('@opentelemetry/exporter-logs-otlp-http'),

  async sentry () {
    const Sentry = await import('@sentry/node')
    Sentry.init({
      dsn: url, release: 'shop@1.8.2', environment: 'staging', tracesSampleRate: 1, enableLogs: true, serverName: 'web-1'
    })
    Sentry.setUser({ id: '42', username: 'jane' })
    Sentry.setTag('region', 'eu')
    Sentry.setContext('database', { dsn: `postgresql://app:${secrets.database}@db:5432/app`, pool: 5 })
    Sentry.addBreadcrumb({ category: 'http', message: 'GET /orders', data: { authorization: `Bearer ${secrets.session}` } })
    Sentry.startSpan({ name: 'nightly', op: 'task' }, () => {
      Sentry.startSpan({ name: `GET https://oauth2:${secrets.github}@github.com/acme/app.git`, op: 'http.client' }, () => {})
      Sentry.captureException(new Error(`charge with ${secrets.stripe} refused`))
    })
    Sentry.setExtra('config', { password: secrets.password, port: 5432 })
    Sentry.captureMessage(`uploading with ${secrets.aws} and 3 files`)
    Sentry.captureMessage('an ordinary message: naïve café, 100 % & <b>more</b>')
    Sentry.logger.warn('a key is old', { key: secrets.stripe, left: 2 })
    Sentry.captureCheckIn({ monitorSlug: 'nightly', status: 'ok', duration: 1.5 })
    if (!await Sentry.close(20000)) fail(new Error('not everything was sent'))
  }
}

await clients[client]()
for (const err of failures) console.error(err)
console.log(JSON.stringify(file ? { sent: documents.length, failures: failures.length } : { done: failures.length === 0 }))
process.exit(failures.length > 0 ? 1 : 0)
