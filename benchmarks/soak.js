import { parseArgs } from 'node:util'
import { Conditions } from './machine.js'
import { writeSections } from './results-page.js'
import { enough, musts } from './soak/musts.js'
import { renderSoak } from './soak/report.js'
import { soak } from './soak/run.js'

const usage = `Usage: npm run soak -- [minutes] [options]

  minutes    how long, ${enough} unless told; with a length RESULTS.md stays as it is
  --write    put the result into RESULTS.md, from ${enough} minutes on
  --force    with --write: also after less

Ends with code 1 if a must was broken.`

async function main ({ minutes, write, help }) {
  if (help) return console.log(usage)
  const conditions = new Conditions()
  const result = await soak(minutes, (line) => console.log(line))
  const text = renderSoak(result, `- Command: \`npm run soak\`\n${conditions.describe()}`)
  console.log(`\n${text}`)
  if (write) writeSections({ Soak: text })
  if (write) console.log('\nWritten to benchmarks/RESULTS.md')
  if (musts(result).some(({ held }) => !held)) process.exitCode = 1
}

function readArguments () {
  const { values, positionals } = parseArgs({
    options: { write: { type: 'boolean' }, force: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    allowPositionals: true
  })
  const [given] = positionals
  const minutes = Number(given ?? enough)
  if (positionals.length > 1 || !(minutes > 0 && minutes <= 1440)) throw new Error(`not a number of minutes\n\n${usage}`)
  if (values.write && minutes < enough && !values.force) throw new Error(`${minutes} minutes are too few to write about: ${enough}, or --force\n\n${usage}`)
  return { ...values, minutes, write: values.write ?? given === undefined }
}

try {
  await main(readArguments())
} catch (error) {
  console.error(`Soak failed: ${error.message}`)
  process.exit(1)
}
