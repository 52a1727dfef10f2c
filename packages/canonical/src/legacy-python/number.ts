/** 5^13: an odd multiple of 2^-13 times 10^13 is that multiple times this. */
const FIVE_TO_13 = 1_220_703_125n;

/** Python's `repr` of a float: shortest digits, always a point or an exponent, exponents of at least two digits. */
export function formatPythonFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const sign = value < 0 ? '-' : '';
  const [mantissa = '', exponentText = ''] = Math.abs(value).toExponential().split('e');
  const digits = mantissa.replace('.', '');
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 16) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
    const power = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${digits[0]}${fraction}e${exponent < 0 ? '-' : '+'}${power}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
}

/** Python's `round(value, 12)` of a finite float: on the exact binary value, ties to even. */
export function roundToTwelveDecimals(value: number): number {
  // From 2^13 on a double's spacing exceeds 10^-12, so there is nothing to round.
  if (Math.abs(value) >= 8192 || value === 0) return value;
  const scaled = value * 8192;
  // `toFixed` works on the exact value too, but rounds ties away from zero. A tie is an odd multiple of 2^-13.
  if (!Number.isInteger(scaled) || scaled % 2 === 0) return Number(value.toFixed(12));
  const tenths = BigInt(Math.abs(scaled)) * FIVE_TO_13;
  const floor = tenths / 10n;
  const even = floor % 2n === 0n ? floor : floor + 1n;
  return Math.sign(value) * Number(`${even}e-12`);
}
