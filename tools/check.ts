// npm run check [-- --only name,...] [--list] [--json]: every gate, one line each, cheap ones first.
import { architectureGate } from './gates/architecture.ts';
import { createCleanTreeGate, listDirt } from './gates/clean-tree.ts';
import { changesetGate, formatGate, typeGate, unusedGate } from './gates/commands.ts';
import { determinismGate } from './gates/determinism.ts';
import { documentGate } from './gates/documents.ts';
import { type Gate, type GateResult, isPassed } from './gates/gate.ts';
import { packageGate } from './gates/packages.ts';
import { schemaGate } from './gates/schemas.ts';
import { stabilityGate } from './gates/stability.ts';
import { testMarkerGate } from './gates/test-markers.ts';

const before = listDirt();
const gates: readonly Gate[] = [
  formatGate,
  testMarkerGate,
  determinismGate,
  architectureGate,
  changesetGate,
  typeGate,
  unusedGate,
  schemaGate,
  packageGate,
  documentGate,
  stabilityGate,
  createCleanTreeGate(before, process.env.CI === 'true'),
];

const args = process.argv.slice(2);
const only = args.includes('--only') ? (args[args.indexOf('--only') + 1] ?? '').split(',') : undefined;
const unknown = (only ?? []).filter((name) => !gates.some((gate) => gate.name === name));
if (unknown.length > 0) {
  console.error(`no such gate: ${unknown.join(', ')}`);
  process.exit(2);
}
if (args.includes('--list')) {
  for (const { name, guards } of gates) console.log(`${name.padEnd(14)}${guards}`);
  process.exit(0);
}

const isJson = args.includes('--json');
const MAX_SHOWN = 25;
const results: {
  name: string;
  passed: boolean;
  seconds: number;
  examined: number;
  unit: string;
  findings: readonly string[];
}[] = [];
for (const gate of gates.filter(({ name }) => only === undefined || only.includes(name))) {
  const start = performance.now();
  let result: GateResult;
  try {
    result = await gate.run();
  } catch (error) {
    result = {
      examined: 0,
      unit: 'things',
      findings: [`the gate itself failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`],
    };
  }
  const seconds = Math.round((performance.now() - start) / 100) / 10;
  const passed = isPassed(result);
  const findings =
    result.examined === 0 && result.findings.length === 0 ? ['the gate looked at nothing'] : result.findings;
  results.push({ name: gate.name, passed, seconds, ...result, findings });
  if (isJson) continue;
  console.log(
    `${passed ? 'pass' : 'FAIL'}  ${gate.name.padEnd(14)} ${seconds.toFixed(1).padStart(6)} s  ${result.examined} ${result.unit}`,
  );
  for (const finding of findings.slice(0, MAX_SHOWN)) console.log(`      ${finding}`);
  if (findings.length > MAX_SHOWN) console.log(`      and ${findings.length - MAX_SHOWN} more`);
}
const failed = results.filter(({ passed }) => !passed).length;
if (isJson) console.log(JSON.stringify(results, undefined, 2));
else console.log(`gates: ${results.length - failed} passed, ${failed} failed`);
process.exit(failed > 0 || results.length === 0 ? 1 : 0);
