import { register } from 'node:module'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import t from 'tap'

const { port1: loaded, port2: port } = new MessageChannel()
const hooks = `
  let port
  export function initialize (data) { port = data }
  export async function resolve (name, context, next) {
    if (['openid-client', 'jose', 'fastify-plugin'].includes(name)) port.postMessage(name)
    return next(name, context)
  }`
register(`data:text/javascript,${encodeURIComponent(hooks)}`, { data: port, transferList: [port] })
t.teardown(() => { loaded.close() })

t.test('whoever protects an API loads neither openid-client nor jose, though the errors of login are exported', async (t) => {
  const { LoginError, CookieTooLargeError } = await import('../lib/index.js')
  t.type(LoginError, 'function')
  t.type(CookieTooLargeError, 'function')
  const names = new Set<unknown>()
  for (let found = receiveMessageOnPort(loaded); found !== undefined; found = receiveMessageOnPort(loaded)) names.add(found.message)
  t.strictSame(names, new Set(['fastify-plugin']), 'fastify-plugin: loading is noticed')
})
