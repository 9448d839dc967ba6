import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Need } from "./install.ts";

const folder = import.meta.dirname;
const services = new Map<string, Need>([
  [join(folder, "redis.ts"), "redis"],
  [join(folder, "postgres.ts"), "postgres"],
  [join(folder, "docker.ts"), "docker"],
  [join(folder, "chromium.ts"), "chromium"],
  [join(folder, "sshd.ts"), "sshd"],
  [join(folder, "zsh.ts"), "zsh"],
]);

const runner: ReadonlySet<string> = new Set(
  ["company.ts", "install.ts", "needs.ts", "prepare.ts"].map((name) => join(folder, name)),
);

/** The variables that tell a test where a service is: a file that names one needs it. */
const variables: readonly (readonly [string, Need])[] = [
  ["HERMES_TEST_REDIS_URL", "redis"],
  ["HERMES_TEST_DATABASE_URL", "postgres"],
  ["HERMES_TEST_DOCKER_HOST", "docker"],
  ["HERMES_TEST_IMAGE", "docker"],
  ["HERMES_TEST_CHROMIUM", "chromium"],
  ["playwright-core", "chromium"],
];

/** What every test together needs. */
export const everything: ReadonlySet<Need> = new Set(services.values());

/** What these test files need: the services that they import or name, directly or through other files of `test/`. */
export function needsOf(files: readonly string[]): ReadonlySet<Need> {
  const needs = new Set<Need>();
  const seen = new Set<string>();
  const waiting = files.map((file) => resolve(file));
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    const need = services.get(file);
    if (need !== undefined) {
      needs.add(need);
      continue;
    }
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    for (const [variable, named] of variables) if (text.includes(variable)) needs.add(named);
    waiting.push(...importsOf(file, text));
  }
  return needs;
}

/** The files of `test/` that a file imports; the runner's own files name services without needing them. */
function importsOf(file: string, text: string): readonly string[] {
  const found = [...text.matchAll(/^(?:import|\} from|export) .*?"(\.[^"]+\.ts)";$/gm)];
  const paths = found.filter(([line]) => !line.startsWith("import type")).map(([, path = ""]) => join(dirname(file), path));
  return paths.filter((path) => path.startsWith(dirname(folder)) && !runner.has(path));
}
