// Where the daemon listens (PROTOCOL.md, "Transport").
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

export function socketPath(setting: string, env: NodeJS.ProcessEnv = process.env): string {
  if (setting) {
    return path.resolve(expandHome(setting));
  }
  const runtime = env['XDG_RUNTIME_DIR'];
  const folder = runtime?.startsWith('/') ? path.join(runtime, 'understory') : `/tmp/understory-${uid()}`;
  return path.join(folder, 'understoryd.sock');
}

/** Why a socket must not be trusted: another user could lay one there and read the text. */
export function distrust(socket: string): string | undefined {
  const folder = path.dirname(socket);
  try {
    const owner = fs.statSync(folder).uid;
    return owner === uid() ? undefined : `${folder} belongs to another user, so what listens there is not trusted`;
  } catch {
    return undefined; // it is not there yet
  }
}

export function expandHome(name: string): string {
  return name === '~' || name.startsWith('~/') ? path.join(os.homedir(), name.slice(1)) : name;
}

function uid(): number {
  return process.getuid?.() ?? -1;
}
