import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Server } from './servers.ts'

const here = import.meta.dirname

function versionInDebian(name: string): string | undefined {
  const query = ['-W', '-f', '$' + '{db:Status-Status} $' + '{Version}', name]
  const [status, version] = spawnSync('dpkg-query', query, { encoding: 'utf8' }).stdout?.split(' ') ?? []
  return status === 'installed' ? version : undefined
}

/** Installs the Debian packages that are missing, where that can be done. */
export function installFromDebian(names: readonly string[]): void {
  const missing = names.filter((name) => !versionInDebian(name))
  if (!missing.length || !existsSync('/etc/debian_version') || process.getuid?.() !== 0) return
  const apt = (...args: string[]): number | null =>
    spawnSync('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=300', ...args], {
      stdio: 'inherit',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status
  const install = ['install', '-y', '--no-install-recommends', ...missing]
  if (apt(...install) !== 0 && apt('update') === 0) apt(...install)
}

/** Which version of its package a server is of; `undefined` where it is not there. */
export function versionOf({ package: name, debian }: Server): string | undefined {
  if (debian) return versionInDebian(name)
  return JSON.parse(readFileSync(join(here, 'node_modules', name, 'package.json'), 'utf8')).version
}

/** Why a server cannot be started here; `undefined` if it can. */
export function lackOf({ debian = [] }: Server): string | undefined {
  const missing = debian.filter((name) => !versionInDebian(name))
  if (!missing.length) return undefined
  return existsSync('/etc/debian_version')
    ? `missing Debian packages: \`apt-get install ${missing.join(' ')}\`, as root`
    : 'comes from Debian packages, and this is no Debian'
}
