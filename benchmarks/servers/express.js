import { createServer } from 'node:http'
import express from 'express'

/** An Express app with the one route; without guards it is the baseline of express-oauth2-jwt-bearer. */
export function expressServer (...guards) {
  const app = express()
  for (const guard of guards) app.use(guard)
  app.get('/', (req, res) => { res.json({ hello: 'world' }) })
  // Without a handler of its own, Express writes the stack of every refusal to stderr.
  app.use((err, req, res, next) => {
    res.status(err.status ?? 500).set(err.headers ?? {}).json({ error: err.code })
  })
  return createServer(app)
}

/** The bare Express route. */
export default () => expressServer()
