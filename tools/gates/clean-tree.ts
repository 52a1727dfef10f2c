import { type Gate, type GateResult, ROOT, runCommand } from './gate.ts';

/** Lists changed and untracked files below `root`, one `git status` line each. */
export function listDirt(root: string = ROOT): string[] {
  const outcome = runCommand('git', ['status', '--porcelain', '--untracked-files=all'], { cwd: root });
  if (outcome.status !== 0) return [`git status failed: ${outcome.stderr.trim()}`];
  return outcome.stdout.split('\n').filter((line) => line !== '');
}

/** Says what of `after` was not there `before`; on a build machine (`mustBeClean`) whatever there is. */
export function findDirt(before: readonly string[], after: readonly string[], mustBeClean: boolean): string[] {
  return mustBeClean ? [...after] : after.filter((line) => !before.includes(line));
}

/** Building, testing and checking leave no file behind; in CI the tree is clean altogether. */
export function createCleanTreeGate(before: readonly string[], mustBeClean: boolean): Gate {
  return {
    name: 'clean-tree',
    guards: 'gates and generators leave no file behind',
    run(): GateResult {
      const tracked = runCommand('git', ['ls-files']).stdout.split('\n').length - 1;
      return { examined: tracked, unit: 'tracked files', findings: findDirt(before, listDirt(), mustBeClean) };
    },
  };
}
