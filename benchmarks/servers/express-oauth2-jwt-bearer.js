import oauth2 from 'express-oauth2-jwt-bearer'
import { expressServer } from './express.js'

/** express-oauth2-jwt-bearer as its README wires it, or with proofs made before the run. It remembers none of them. */
export default ({ issuer, audience, proofs }) => {
  const dpop = proofs ? { dpop: { enabled: true, iatOffset: 3600 } } : {}
  return expressServer(oauth2.auth({ issuerBaseURL: issuer, audience, ...dpop }))
}
