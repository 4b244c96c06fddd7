// A client in Node: kafkajs, avsc and the registry. It sends in Avro and in JSON, finds what became of its commands, and reads events.
//
// Environment: KAFKA_BOOTSTRAP_SERVERS and SCHEMA_REGISTRY_URL.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import avro from 'avsc'
import kafkajs from 'kafkajs'
import lz4 from 'lz4js'

const { CompressionCodecs, CompressionTypes, Kafka, Partitioners, logLevel } = kafkajs

const COMMANDS = 'schedule.commands'
const EVENTS = 'schedule.events'
const OUTCOMES = 'schedule.outcomes'
const DEAD_LETTERS = 'schedule.dead-letters'
const WAIT_MS_MAX = 30_000

// kafkajs brings gzip alone; the processors write LZ4. This is all that it needs, without a native add-on.
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: async encoder => Buffer.from(lz4.compress(encoder.buffer)),
  decompress: async buffer => Buffer.from(lz4.decompress(buffer))
})

const kafka = new Kafka({ brokers: process.env.KAFKA_BOOTSTRAP_SERVERS.split(','), logLevel: logLevel.ERROR })

// avsc has no type for the logical type uuid and leaves it text, as the specification says. Longs above 2^53 would be an error.
const types = new Map()

async function registry (path) {
  const answer = await fetch(`${process.env.SCHEMA_REGISTRY_URL}${path}`, { signal: AbortSignal.timeout(WAIT_MS_MAX) })
  assert.equal(answer.status, 200, path)
  return answer.json()
}

async function typeOf (id) {
  if (!types.has(id)) {
    const { schema } = await registry(`/schemas/ids/${id}`)
    // With unions as objects of one key, the full name of the branch.
    types.set(id, avro.Type.forSchema(JSON.parse(schema), { wrapUnions: true }))
  }
  return types.get(id)
}

async function decoded (value) {
  assert.equal(value[0], 0)
  return (await typeOf(value.readUInt32BE(1))).fromBuffer(value.subarray(5))
}

class Schedule {
  async open () {
    // A client that registers its own schema would add a version to our subject: this one asks for the latest.
    const { id } = await registry(`/subjects/${COMMANDS}-value/versions/latest`)
    this.schemaId = id
    await typeOf(id)
    // The default of kafkajs 2: Java's murmur2.
    this.producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, idempotent: true })
    await this.producer.connect()
    return this
  }

  // Bytes of a command in Confluent's format; throws where the payload is none of the union.
  avroValue (aggregateId, payload, commandId) {
    const command = {
      command_id: commandId,
      aggregate_id: aggregateId,
      expected_version: null,
      issued_by: { string: 'a client in Node' },
      payload
    }
    const frame = Buffer.alloc(5)
    frame.writeUInt32BE(this.schemaId, 1)
    return Buffer.concat([frame, types.get(this.schemaId).toBuffer(command)])
  }

  async write (key, value, headers) {
    await this.producer.send({ topic: COMMANDS, acks: -1, messages: [{ key, value, headers }] })
  }
}

// The first message of the topics that is wanted, and where it lies. kafkajs hides what was aborted unless readUncommitted is set.
async function find (topics, isWanted) {
  const consumer = kafka.consumer({ groupId: `client-${randomUUID()}` })
  let timer
  try {
    await consumer.connect()
    await consumer.subscribe({ topics, fromBeginning: true })
    return await new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`nothing of ${topics} within ${WAIT_MS_MAX} ms`)), WAIT_MS_MAX)
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
      consumer.run({
        autoCommit: false,
        eachMessage: async ({ topic, message }) => {
          const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, String(value)]))
          if (await isWanted(message, headers)) resolve({ topic, message, headers })
        }
      }).catch(reject)
    })
  } finally {
    clearTimeout(timer)
    await consumer.disconnect()
  }
}

// The outcome or the dead letter of a command, by its header: whatever was wrong with the command.
async function expectAnswer (commandId, topic, status, type) {
  const found = await find([OUTCOMES, DEAD_LETTERS], (_, headers) => headers['command-id'] === commandId)
  assert.deepEqual([found.topic, found.headers.status, found.headers.type], [topic, status, type], found.headers.reason)
  return found
}

async function inAvro (schedule) {
  const id = randomUUID()
  const airport = { name: 'Node Field', zone: 'Europe/Oslo', minimum_ground_time_minutes: 30 }
  const value = schedule.avroValue('airport/QNO', { 'aerolog.schedule.RegisterAirport': airport }, id)
  await schedule.write('airport/QNO', value, { 'correlation-id': id })
  const { message, headers } = await expectAnswer(id, OUTCOMES, 'accepted', 'RegisterAirport')
  assert.equal(headers['correlation-id'], id)
  const outcome = await decoded(message.value)
  assert.deepEqual([outcome.command_id, outcome.aggregate_id, outcome.status], [id, 'airport/QNO', 'accepted'])
}

async function inJson (schedule) {
  const id = randomUUID()
  const command = { command_id: id, aggregate_id: 'airport/QNO', payload: { SetMinimumGroundTime: { minutes: 45 } } }
  await schedule.write('airport/QNO', JSON.stringify(command), { 'Content-Type': 'application/json' })
  await expectAnswer(id, OUTCOMES, 'accepted', 'SetMinimumGroundTime')
  const found = await find([EVENTS], async message => (await decoded(message.value)).command_id === id)
  assert.equal(found.headers.type, 'MinimumGroundTimeSet')
  const { payload } = await decoded(found.message.value)
  assert.equal(payload['aerolog.schedule.MinimumGroundTimeSet'].minutes, 45)
}

async function wrong (schedule) {
  const id = randomUUID()
  const command = { command_id: id, aggregate_id: 'airplane/N1NO', payload: 'RetireAirplane' }
  await schedule.write('airplane/N1NO', JSON.stringify(command), { 'content-type': 'application/json' })
  await expectAnswer(id, DEAD_LETTERS, 'dead-letter', 'RetireAirplane')
  for (const payload of [
    { RegisterAirplane: { aircraft_type: '332' } },
    { 'aerolog.schedule.RetireAirplane': {} },
    { 'aerolog.schedule.SetMinimumGroundTime': { minutes: 40, aircraft_typ: '332' } }
  ]) {
    assert.throws(() => schedule.avroValue('airplane/N1NO', payload, id), JSON.stringify(payload))
  }
}

const schedule = await new Schedule().open()
try {
  await inAvro(schedule)
  await inJson(schedule)
  await wrong(schedule)
} finally {
  await schedule.producer.disconnect()
}
console.log('kafkajs: accepted in Avro and in JSON, a dead letter, wrong commands refused, and an event read back')
