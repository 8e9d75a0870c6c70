// The child process: serves one file of this folder on a free loopback port and answers its parent's questions.
import { answers } from './answers.js'

const [module, config] = process.argv.slice(2)

const { default: build } = await import(`./${module}.js`)
const server = await build(JSON.parse(config))

// The parent may fail while this process still loads: then there is nobody to serve.
const tell = (message) => process.send(message, (error) => error && process.exit())

server.keepAliveTimeout = 600_000
server.listen(0, '127.0.0.1', () => tell({ port: server.address().port }))

process.on('message', ({ question, value }) => tell(answers[question](value) ?? {}))
process.on('disconnect', () => process.exit())
