import { parseArgs } from 'node:util'
import { startIssuer } from './issuer.js'
import { Conditions } from './machine.js'
import { measure } from './memory/measure.js'
import { measureProofs, renderProofs } from './memory/proofs.js'
import { enough, renderMemory } from './memory/report.js'
import { writeSections } from './results-page.js'

const usage = `Usage: npm run memory -- [count] [options]

  count      tokens of each kind, and proofs, 1000000 unless told; with a count RESULTS.md stays as it is
  --write    put the result into RESULTS.md whatever the count

Targets are judged from ${enough} tokens on. A missed target does not change the exit code.`

const bare = { label: 'bare Fastify route', guarded: false, status: 200 }
const ours = { label: 'fastify-gatehouse, valid tokens', guarded: true, status: 200 }
const garbage = { label: 'fastify-gatehouse, garbage', guarded: true, status: 401 }

async function main ({ count, write, help }) {
  if (help) return console.log(usage)
  const conditions = new Conditions()
  const issuer = await startIssuer()
  try {
    console.error(`${count} valid tokens, to the bare route and to ours`)
    const valid = await measure('valid', [bare, ours], count, issuer)
    console.error(`${count} garbage tokens, to ours`)
    const refused = await measure('garbage', [garbage], count, issuer)

    console.error(`${count} DPoP proofs of one key, and of 1,000`)
    const proofs = await measureProofs(count)

    const [bareMeasured, oursMeasured] = valid.measured
    const memory = renderMemory({
      bare: bareMeasured,
      ours: oursMeasured,
      garbage: refused.measured[0],
      conditions: `- Command: \`npm run memory\`\n${conditions.describe()}`,
      seconds: valid.seconds + refused.seconds
    })
    const text = `${memory}\n\n${renderProofs(proofs)}`
    console.log(text)
    if (write) writeSections({ Memory: text })
    if (write) console.log('\nWritten to benchmarks/RESULTS.md')
  } finally {
    issuer.stop()
  }
}

function readArguments () {
  const { values, positionals } = parseArgs({
    options: { write: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    allowPositionals: true
  })
  const [given] = positionals
  const count = Number(given ?? 1_000_000)
  if (positionals.length > 1 || !Number.isSafeInteger(count) || count < 1) throw new Error(`not a number of tokens\n\n${usage}`)
  return { ...values, count, write: values.write ?? given === undefined }
}

try {
  await main(readArguments())
} catch (error) {
  console.error(`Memory run failed: ${error.message}`)
  process.exit(1)
}
