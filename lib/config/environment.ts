/** The environment of the process. Nothing else reads it. */
export function selectEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}
