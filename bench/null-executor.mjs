// Does nothing and says so, in a process of its own for each question.
export default ({ manifest }) => ({
  manifest,
  validateTarget: async () => ({ result: 'valid', reason: '', evidence: {} }),
  execute: async () => ({ success: true, error_code: null, claimed: { done: true }, observed: {} }),
});
