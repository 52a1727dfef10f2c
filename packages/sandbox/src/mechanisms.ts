import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { SandboxError } from './errors.ts';

/** What this machine can put around a process besides Node's permission model. Every member was tried out, none assumed. */
export interface Mechanisms {
  /** Node's permission model refuses files, processes, workers and addons. Without it nothing is started. */
  readonly permissionModel: boolean;
  /** What keeps a process from the network: Node itself, a network namespace, or nothing. */
  readonly network: 'permission_model' | 'namespace' | 'none';
  /** Whether a network namespace closes the network, also to programs that Node's permission model says nothing to. Linux, where it is allowed. */
  readonly networkNamespace: boolean;
  /** User, process and IPC namespaces of its own: no other process can be seen or signalled. Linux, where it is allowed. */
  readonly namespaces: boolean;
  /** Whether a process table of its own can be mounted for it, so that a program that it starts reads of no other process. */
  readonly processTable: boolean;
  /** Kernel limits on memory, processor time and open files (prlimit). Linux. */
  readonly resourceLimits: boolean;
  /** Whether resident memory can be watched from outside (/proc). */
  readonly memoryWatch: boolean;
}

const PROBE_TIMEOUT_MS = 20_000;

/** Namespaces for everything but the network. */
const NAMESPACES = ['unshare', '--user', '--map-root-user', '--pid', '--ipc', '--fork', '--kill-child=SIGKILL'];

/** A process table of its own, and none of the capabilities with which it could be taken away again. */
const PROCESS_TABLE = [
  '--mount-proc',
  '--',
  'setpriv',
  '--bounding-set=-all',
  '--inh-caps=-all',
  '--no-new-privs',
  '--',
];

/** Flags that every confined Node is started with. `node:sqlite` opens files past the permission model, so it is off. */
export const NODE_FLAGS: readonly string[] = [
  '--permission',
  '--no-experimental-sqlite',
  '--no-addons',
  '--no-warnings',
];

/** A program that says what it could do. It sends to its own machine only, and nothing listens there. */
const PROBE = `
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
let file = 'open';
try { readFileSync(process.execPath); } catch (error) { file = error.code; }
const say = (network) => { process.stdout.write(JSON.stringify({ file, network })); process.exit(0); };
try {
  const socket = createSocket('udp4');
  socket.on('error', (error) => say(error.code));
  socket.send('x', 9, '127.0.0.1', (error) => say(error ? error.code : 'open'));
} catch (error) { say(error.code); }
`;

let found: Promise<Mechanisms> | undefined;

/** Tries out what this machine offers, once for the life of the process. */
export function probeMechanisms(): Promise<Mechanisms> {
  found ??= probe();
  return found;
}

/** The words to put in front of the Node command. */
export function wrapperOf(
  mechanisms: Mechanisms,
  limits: {
    readonly wallClockMs: number;
    readonly memoryBytes: number;
    readonly isNetworkDenied: boolean;
    readonly mayStart: boolean;
  },
): string[] {
  const words: string[] = [];
  if (mechanisms.resourceLimits) {
    const seconds = Math.ceil(limits.wallClockMs / 1000) + 1;
    words.push(
      'prlimit',
      '--core=0',
      '--nofile=256',
      `--cpu=${seconds}`,
      `--data=${DATA_FLOOR + limits.memoryBytes}`,
      '--',
    );
  }
  if (mechanisms.namespaces) {
    words.push(...NAMESPACES);
    if (limits.isNetworkDenied) words.push('--net');
    // Node itself is kept from /proc by its permission model.
    const hasTable = limits.mayStart && mechanisms.processTable;
    words.push(...(hasTable ? PROCESS_TABLE : ['--']));
  }
  return words;
}

/** Writable memory that Node maps before it runs anything, most of it never touched, in bytes; measured with Node 22 to 26. */
const DATA_FLOOR = 805_306_368;

async function probe(): Promise<Mechanisms> {
  const memoryWatch = existsSync('/proc/self/statm');
  const resourceLimits = await succeeds(['prlimit', '--core=0', '--', process.execPath, '--version']);
  const namespaces = await succeeds([...NAMESPACES, '--', process.execPath, '--version']);
  const processTable = namespaces && (await succeeds([...NAMESPACES, ...PROCESS_TABLE, process.execPath, '--version']));
  const plain = await ask([]);
  const permissionModel = plain?.file === 'ERR_ACCESS_DENIED';
  const inside = namespaces ? await ask([...NAMESPACES, '--net', '--']) : undefined;
  const isClosed = (answer: Answer | undefined) => answer !== undefined && answer.network !== 'open';
  const isByNode = plain?.network === 'ERR_ACCESS_DENIED';
  const networkNamespace = isClosed(inside);
  const network = isByNode ? 'permission_model' : networkNamespace ? 'namespace' : 'none';
  return Object.freeze({
    permissionModel,
    network,
    networkNamespace,
    namespaces,
    processTable,
    resourceLimits,
    memoryWatch,
  });
}

interface Answer {
  readonly file: string;
  readonly network: string;
}

async function ask(wrapper: readonly string[]): Promise<Answer | undefined> {
  const command = [...wrapper, process.execPath, ...NODE_FLAGS, '--input-type=module', '--eval', PROBE];
  const output = await outputOf(command);
  const match = /^\{"file":"([A-Za-z_]+)","network":"([A-Za-z_]+)"\}$/.exec(output ?? '');
  return match === null ? undefined : { file: match[1] as string, network: match[2] as string };
}

async function succeeds(command: readonly string[]): Promise<boolean> {
  return (await outputOf(command)) !== undefined;
}

/** What a command printed; undefined when it failed or cannot be started. */
function outputOf([program = '', ...args]: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: process.env.PATH ?? '' },
    });
    // Not the option of `spawn`: its timer of a program that is not there would keep this process alive.
    const timer = setTimeout(() => child.kill('SIGKILL'), PROBE_TIMEOUT_MS);
    const settle = (found: string | undefined): void => {
      clearTimeout(timer);
      resolve(found);
    };
    let output = '';
    child.on('error', () => settle(undefined));
    child.on('close', (code) => settle(code === 0 ? output : undefined));
    // Where there are no descriptors left there is no pipe, and an error is to come.
    child.stdout?.on('data', (chunk) => {
      output = (output + String(chunk)).slice(0, 4096);
    });
  });
}

/** What a confined process is to be given, as far as the machine has to keep it from more. */
export interface Asked {
  readonly isNetworkDenied: boolean;
  readonly acceptsUnrestrictedNetwork: boolean;
  readonly mayStart: boolean;
  readonly acceptsUnrestrictedChildren: boolean;
}

/** What closes the network. Programs that are started are not under Node's permission model, so that it closes nothing to them. */
export function networkOf({ network, networkNamespace }: Mechanisms, mayStart: boolean): Mechanisms['network'] {
  return mayStart ? (networkNamespace ? 'namespace' : 'none') : network;
}

/** @throws SandboxError SANDBOX_UNSUPPORTED; SANDBOX_NETWORK_UNCONFINED, SANDBOX_CHILDREN_UNCONFINED unless that was accepted */
export function assertConfinable(mechanisms: Mechanisms, asked: Asked): void {
  if (!mechanisms.permissionModel) {
    throw new SandboxError('SANDBOX_UNSUPPORTED', 'this Node does not enforce a permission model');
  }
  const { isNetworkDenied, acceptsUnrestrictedNetwork, mayStart, acceptsUnrestrictedChildren } = asked;
  if (isNetworkDenied && networkOf(mechanisms, mayStart) === 'none' && !acceptsUnrestrictedNetwork) {
    throw new SandboxError(
      'SANDBOX_NETWORK_UNCONFINED',
      mayStart
        ? 'no namespace keeps the programs that it starts from the network; use Linux with user namespaces, or accept it'
        : 'neither this Node nor a namespace keeps a process from the network; use Node 25 or newer, or accept it',
    );
  }
  if (mayStart && !mechanisms.namespaces && !acceptsUnrestrictedChildren) {
    throw new SandboxError(
      'SANDBOX_CHILDREN_UNCONFINED',
      'no namespace keeps the programs that it starts among themselves; use Linux with user namespaces, or accept it',
    );
  }
}
