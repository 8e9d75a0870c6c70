import oauth2 from 'express-oauth2-jwt-bearer'
import { expressServer } from './express.js'

/** express-oauth2-jwt-bearer as its README wires it. */
export default ({ issuer, audience }) => expressServer(oauth2.auth({ issuerBaseURL: issuer, audience }))
