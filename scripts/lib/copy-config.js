// Part of the build: the compiler leaves alone what is not code, and the service reads these files at its start.
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = relative => fileURLToPath(new URL(relative, import.meta.url));

cpSync(path('../../config/'), path('../../dist/config/'), {
  recursive: true,
  filter: source => !/\.[cm]?[jt]s$/.test(source),
});
