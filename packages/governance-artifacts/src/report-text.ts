import type { VerificationReport } from '@exoarmur/contracts';

/** The governance part of a report as text for a person; empty when the report has none. */
export function formatGovernance(report: VerificationReport): string {
  const { governance_artifacts: found, governance_enforcement: enforcement, governance_providers: providers } = report;
  if (found === undefined || enforcement === undefined) return '';
  const { semantic_verification: semantic } = found;
  const lines = ['', 'Governance artifacts'];
  if (!found.present) lines.push('  none');
  else if (!found.valid_manifest) lines.push('  the manifest is invalid');
  else {
    lines.push(
      `  ${found.artifact_count} listed, ${found.required_count} required by the manifest, ${semantic.valid} valid, ${semantic.invalid} invalid, ${semantic.unavailable} not verified`,
    );
    for (const result of semantic.results) {
      const version = result.provider_version === null ? '' : `  (provider ${result.provider_version})`;
      lines.push(`  ${result.schema_version.padEnd(30)}${result.code}${version}`, `    ${result.message}`);
    }
  }
  if (enforcement.enabled) {
    lines.push(
      '',
      `Enforcement: ${enforcement.outcome}, ${enforcement.required_satisfied} of ${enforcement.required_total} required satisfied, core verdict ${enforcement.core_verdict}`,
    );
    for (const { index, artifact_type, code } of enforcement.failures) {
      lines.push(
        `  ${code}${artifact_type === null ? '' : `  ${artifact_type}`}${index === null ? '' : `  entry ${index}`}`,
      );
    }
  }
  if (providers !== undefined && providers.length > 0) {
    lines.push('', 'Providers');
    for (const { package: name, version, artifact_type, runtime, denied } of providers) {
      lines.push(
        `  ${artifact_type.padEnd(30)}${name} ${version}, ${runtime}${denied === null ? '' : `, denied: ${denied}`}`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}
