import type { Command } from 'commander';
import type { CommandContext } from '../commands.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { createMachineProbes } from '../health/machine.ts';
import { type ProbeResult, runProbes } from '../health/probe.ts';
import { addExamples } from '../help.ts';
import { formatJson } from '../json-output.ts';
import { printable, type Terminal } from '../terminal.ts';

export function register(command: Command, context: CommandContext): void {
  command.option('--json', 'print one JSON object').action(async (options: { json?: boolean }) => {
    const results = await runProbes(createMachineProbes());
    const { terminal } = context;
    terminal.out(options.json === true ? formatHealthJson(results) : formatHealth(results, terminal));
    context.finish(isHealthy(results) ? EXIT_CODES.pass : EXIT_CODES.fail);
  });
  addExamples(command, [
    ['health', 'exit code 0 when every probe passed, 1 otherwise'],
    ['health --json', 'the same for a machine to read'],
  ]);
}

/** Every probe passed, and there was one. */
export function isHealthy(results: readonly ProbeResult[]): boolean {
  return results.length > 0 && results.every((result) => result.isPassed);
}

/** The results as one JSON object. */
export function formatHealthJson(results: readonly ProbeResult[]): string {
  return formatJson({
    schema: 'exoarmur.health/1',
    healthy: isHealthy(results),
    probes: results.map(({ name, isPassed, detail }) => ({ name, status: isPassed ? 'passed' : 'failed', detail })),
  });
}

/** The results as lines for a person. */
export function formatHealth(results: readonly ProbeResult[], terminal: Pick<Terminal, 'paint'>): string {
  const width = Math.max(...results.map((result) => result.name.length));
  const lines = results.map(({ name, isPassed, detail }) => {
    const status = isPassed ? terminal.paint('green', 'passed') : terminal.paint('red', 'failed');
    return `${status}  ${name.padEnd(width)}  ${printable(detail)}\n`;
  });
  return `${lines.join('')}${isHealthy(results) ? 'healthy' : 'not healthy'}\n`;
}
