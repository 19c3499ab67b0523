// The program `understory`: where it is, and how it is asked to start a daemon.
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

import { expandHome } from './socket_path';

const NAME = 'understory';

/** The setting's program, or the one in PATH, or where it is usually put; undefined: there is none.
 * An editor that was started from a desktop often has a shorter PATH than a shell. */
export function findProgram(setting: string, extensionFolder: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const wanted = expandHome(setting || NAME);
  if (wanted.includes('/')) {
    return [wanted, path.join(wanted, NAME)].find(isProgram);
  }
  const folders = (env['PATH'] ?? '').split(':').filter((folder) => folder.startsWith('/'));
  if (wanted === NAME) {
    folders.push(path.join(os.homedir(), '.local/bin'), '/usr/local/bin', '/opt/understory/bin',
      path.resolve(extensionFolder, '../../build/release/bin'));
  }
  return folders.map((folder) => path.join(folder, wanted)).find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

export interface DaemonOptions {
  socket: string;
  model: string;
  device: string;
}

/** Starts a daemon where none runs, and waits until it is ready. Several windows may do so at once:
 * the program sees to it that one daemon comes of it. Rejects with what it says. */
export function startDaemon(program: string, options: DaemonOptions): Promise<void> {
  const args = ['start', '--socket', options.socket];
  if (options.model) {
    args.push('--model', expandHome(options.model));
  }
  if (options.device) {
    args.push('--device', options.device);
  }
  return new Promise((resolve, reject) => {
    // The daemon goes on when this window, or the remote host, ends.
    const child = spawn(program, args, { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    let said = '';
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text: string) => (said = (said + text).slice(-4000)));
    child.on('error', (error) => reject(new Error(`${program}: ${error.message}`)));
    child.on('exit', (code, signal) => {
      child.stderr.destroy(); // the daemon may have inherited it
      if (code === 0) {
        resolve();
      } else {
        reject(new Error(lastLine(said) || `${program} start ended with ${code ?? signal}`));
      }
    });
  });
}

function lastLine(text: string): string {
  const line = text.trim().split('\n').pop() ?? '';
  return line.replace(/^understory: (error: )?/, '');
}
