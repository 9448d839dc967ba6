import { type Logger, LogLevel, webApi } from "@slack/bolt";
import type { Log } from "../../src/core/log.ts";
import type { Budget } from "./budget.ts";
import { type Fields, fields } from "./fields.ts";

/** The Web API, each call made once. */
export interface SlackApi {
  /** For what must be said. Rejects with the SDK's error. */
  call(method: string, params: Fields): Promise<Fields>;
  /** For previews and looks, on connections of their own and given up sooner: they must not be in an answer's way. */
  aside(method: string, params: Fields): Promise<Fields>;
}

/** Below the lease of a delivery (20 s), so that a slow send is over before another gateway may try. */
const callMs = 8_000;
/** An answer waits for the end of a preview that is under way. */
const asideMs = 3_000;

/** Clients that repeat nothing by themselves: the SDK's ten retries would say a message twice. */
export function createApi(token: string, slackApiUrl: string, budget: Budget, log: Log): SlackApi {
  const logger = quietLogger(log);
  const make = (timeout: number) =>
    new webApi.WebClient(token, {
      slackApiUrl,
      logger,
      timeout,
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
    });
  const [main, other] = [make(callMs), make(asideMs)];
  const call = async (client: webApi.WebClient, method: string, params: Fields): Promise<Fields> => {
    try {
      return fields(await client.apiCall(method, { ...params }));
    } finally {
      budget.ended(method);
    }
  };
  return { call: (method, params) => call(main, method, params), aside: (method, params) => call(other, method, params) };
}

/** What the SDK would print, in our log. */
export function quietLogger(log: Log): Logger {
  const debug = (...words: unknown[]): void => log.debug({ sdk: "slack" }, words.map(String).join(" "));
  return {
    // Its debug lines hold whole messages.
    debug: () => undefined,
    info: () => undefined,
    warn: debug,
    error: debug,
    setLevel: () => undefined,
    getLevel: () => LogLevel.WARN,
    setName: () => undefined,
  };
}
