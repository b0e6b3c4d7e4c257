/** Describes the properties of a schema, but for some, as a Markdown table. */
export function formatSchemaTable(
  { properties, required = [] }: { readonly properties: object; readonly required?: readonly string[] },
  except: readonly string[] = [],
): string {
  const rows = Object.entries(properties as Record<string, { readonly description: string }>)
    .filter(([name]) => !except.includes(name))
    .map(([name, { description }]) => `| \`${name}\` | ${required.includes(name) ? 'always' : ''} | ${description} |`);
  return ['| field | | |', '| --- | --- | --- |', ...rows].join('\n');
}
