import type { Agent, Dispatcher } from "undici";
import type { Inflow } from "./inflow.ts";

/** A way for one request whose streamed body flows past fetch: web streams cost more than all else that is done with a token. */
export interface Tap {
  readonly dispatcher: Dispatcher;
  /** The body flows into the inflow, and fetch sees an empty one. */
  readonly taken: boolean;
}

/** Taps a request. `gotBytes` is told of every piece of any body. */
export function tapped(agent: Agent, inflow: Inflow, gotBytes: () => void): Tap {
  const state = { taken: false };
  const intercept: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) =>
    dispatch(options, {
      onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
      onRequestUpgrade: (controller, status, headers, socket) => handler.onRequestUpgrade?.(controller, status, headers, socket),
      onResponseStarted: () => handler.onResponseStarted?.(),
      onResponseStart: (controller, status, headers, message) => {
        state.taken = streams(status, headers["content-type"], headers["content-encoding"]);
        if (state.taken) inflow.begin(controller);
        return handler.onResponseStart?.(controller, status, headers, message);
      },
      onResponseData: (controller, chunk) => {
        gotBytes();
        if (state.taken) inflow.push(chunk);
        else handler.onResponseData?.(controller, chunk);
      },
      onResponseEnd: (controller, trailers) => {
        if (state.taken) inflow.end();
        handler.onResponseEnd?.(controller, trailers);
      },
      onResponseError: (controller, error) => {
        if (state.taken) inflow.fail(error);
        handler.onResponseError?.(controller, error);
      },
    });
  return {
    dispatcher: agent.compose(intercept),
    get taken() {
      return state.taken;
    },
  };
}

type Header = string | string[] | undefined;

/** A good answer that is neither a page nor JSON, and not packed. */
function streams(status: number, contentType: Header, encoding: Header): boolean {
  return status === 200 && !/\b(?:html|json)\b/.test(String(contentType ?? "")) && /^(?:identity)?$/.test(String(encoding ?? ""));
}
