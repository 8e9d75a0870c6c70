import { fileURLToPath } from 'node:url'
import { createClient } from './fusionauth-setup/client.js'
import { checked, optionsOf, type SetupOptions } from './fusionauth-setup/options.js'
import { createApplication, createKey, findTenant, findUser, KEY_ID, nameUser, registerUser, setIssuer, type Done } from './fusionauth-setup/steps.js'

export { SetupError } from './fusionauth-setup/client.js'
export { optionsOf, type SetupOptions } from './fusionauth-setup/options.js'

/** What was done, and with what. */
export interface Report {
  /** Whether anything in FusionAuth is other than before. */
  readonly changed: boolean
  /** The seven steps, in order. */
  readonly steps: ReadonlyArray<{ readonly step: string, readonly outcome: Done[0], readonly detail: string }>
  readonly tenantId: string
  readonly keyId: string
  readonly userId: string
}

/**
 * Prepares a FusionAuth for a login, in the seven steps of its guide: the program of `npx tsx examples/fusionauth-setup.ts`.
 * What is there is kept, what differs is changed and named: it may be run again, also after a run that failed half-way.
 *
 * The issuer is changed for every application of the tenant. A full name that is there stays.
 *
 * @throws SetupError naming the step, the call and FusionAuth's answer
 * @throws TypeError for a wrong option
 */
export async function setUp (options: SetupOptions): Promise<Report> {
  const settings = checked(options)
  const { ask, useTenant } = createClient(settings)
  const steps: Array<Report['steps'][number]> = []
  const tell = (step: string, [outcome, detail]: Done) => {
    steps.push({ step, outcome, detail })
    settings.say?.(`${step}: ${outcome}, ${detail}`)
  }

  const { tenant, isOnlyOne, done } = await findTenant(ask, settings)
  tell('find the tenant', done)
  if (!isOnlyOne) useTenant(String(tenant.id))
  tell('set the issuer', await setIssuer(ask, settings, tenant))
  tell('create the signing key', await createKey(ask))
  tell('create the application', await createApplication(ask, settings))
  const { user, done: found } = await findUser(ask, settings)
  tell('find the user', found)
  tell('name the user', await nameUser(ask, user))
  tell('register the user', await registerUser(ask, settings, user))

  const changed = steps.some(({ outcome }) => outcome === 'created' || outcome === 'changed')
  return { changed, steps, tenantId: String(tenant.id), keyId: KEY_ID, userId: String(user.id) }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const { changed } = await setUp({ ...optionsOf(process.env), say: console.log })
    console.log(changed ? 'FusionAuth is set up' : 'FusionAuth was set up already: nothing changed')
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
