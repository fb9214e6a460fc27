/** Prints a failed step with what the program said, and ends with exit code 1. */
export function reportFailure(error) {
  if (error.output) console.error(`\n${error.output.trimEnd()}`);
  console.error(`\n${error.message}`);
  process.exit(1);
}
