import { type ConfigSchema, listConfigKeys } from './config-schema.ts';

/** Gives the configuration as a Markdown table: what the README shows. */
export function formatConfigTable(schema: ConfigSchema): string {
  const rows = listConfigKeys(schema).map(({ group, name, key }) => {
    const type = key.enum === undefined ? key.type : key.enum.map(value => `\`${String(value)}\``).join(' \\| ');
    const byDefault = key.default === undefined || key['x-secret'] === true ? '' : `\`${formatDefault(key.default)}\``;
    return `| \`${key['x-env']}\` | \`${group}.${name}\` | ${type} | ${byDefault} | ${key.description}${key['x-secret'] === true ? ' Secret.' : ''} |`;
  });
  return ['| variable | key | type | default | |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}

function formatDefault(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value);
}

/** Gives a configuration with its secrets hidden, fit to be shown. */
export function redactConfig(
  schema: ConfigSchema,
  config: Readonly<Record<string, unknown>>,
): Record<string, Record<string, unknown>> {
  const shown: Record<string, Record<string, unknown>> = {};
  for (const { group, name, key } of listConfigKeys(schema)) {
    const value = (config[group] as Record<string, unknown> | undefined)?.[name];
    if (value === undefined) continue;
    (shown[group] ??= {})[name] = key['x-secret'] === true ? '[redacted]' : value;
  }
  return shown;
}
