import { announce } from "./processes.ts";
import { chromiumPath } from "./chromium.ts";
import { debianImage, openDocker } from "./docker.ts";
import { install, missingPackages, type Need } from "./install.ts";
import { startPostgres } from "./postgres.ts";
import { startRedis } from "./redis.ts";

/** Everything the tests need, running; `env` tells them where. Disposing stops what was started. */
export interface Prepared extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>;
}

type Prepare = (dockerHost: string | undefined) => Promise<Prepared>;

const recipes: Readonly<Record<Need, Prepare>> = {
  redis: async () => started("HERMES_TEST_REDIS_URL", "Redis", await startRedis()),
  postgres: async () => started("HERMES_TEST_DATABASE_URL", "Postgres", await startPostgres()),
  async docker(configured) {
    const engine = await openDocker(configured);
    const env = { HERMES_TEST_DOCKER_HOST: engine.host, HERMES_TEST_IMAGE: debianImage };
    return { env, [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose]() };
  },
  async chromium() {
    const path = chromiumPath();
    announce(`Chromium: ${path}`);
    return { env: { HERMES_TEST_CHROMIUM: path }, [Symbol.asyncDispose]: async () => undefined };
  },
  // Each test process starts one of its own: it takes no time.
  sshd: async () => ({ env: {}, [Symbol.asyncDispose]: async () => undefined }),
  zsh: async () => ({ env: {}, [Symbol.asyncDispose]: async () => undefined }),
};

/** Installs what is missing, then finds or starts what is needed, all at the same time. */
export async function prepare(needs: ReadonlySet<Need>, dockerHost: string | undefined): Promise<Prepared> {
  install(await missingPackages(needs, dockerHost));
  const results = await Promise.allSettled([...needs].map((need) => recipes[need](dockerHost)));
  const ready = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const stop = async (): Promise<void> => void (await Promise.all(ready.map((service) => service[Symbol.asyncDispose]())));
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  return { env: Object.assign({}, ...ready.map(({ env }) => env)), [Symbol.asyncDispose]: stop };
}

function started(variable: string, name: string, service: { readonly url: string } & AsyncDisposable): Prepared {
  announce(`${name}: started at ${service.url}`);
  return { env: { [variable]: service.url }, [Symbol.asyncDispose]: () => service[Symbol.asyncDispose]() };
}
