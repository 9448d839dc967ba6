import { APIError } from "openai";
import { Failure } from "../core/failures.ts";
import type { Log } from "../core/log.ts";
import type { ModelNotice } from "../core/model.ts";
import { shownAddress, shownModel, versioned } from "./address.ts";
import { isObject } from "./arguments.ts";
import type { Connection } from "./connection.ts";

/** What is known of one model server. */
export interface Server {
  readonly address: string;
  /** The model to ask for; null until it is known. */
  readonly model: string | null;
  /** llama-server tells its reading progress when asked. */
  readonly llama: boolean;
  /** Makes sure that there is a model to ask for; rejects as the SDK does, or with a `Failure`. */
  settle(signal: AbortSignal): Promise<void>;
  /** The models it lists. */
  list(signal: AbortSignal): Promise<readonly string[]>;
  /** Moves to the address with `/v1` when it lacks one; false when there is nothing left to try. */
  moveToVersioned(): boolean;
  /** Confirms a move, or that another model answers than was asked for, so that it is told once. */
  confirm(): ModelNotice | null;
  /** The server is gone or changed: look again. False when the configured name was asked for. */
  forget(): boolean;
  /** It may list others by now: looks before the next request, and goes by what it listed until then. */
  listAgain(): void;
}

/** A server at a tidy address; `wanted` is the configured model's name or null. */
export function newServer(connection: Connection, address: string, wanted: string | null, log: Log): Server {
  const state = { address, model: wanted, llama: false, listed: false, move: "none" as "none" | "tried" | "told" };
  const only = { model: "", told: true };
  const list = async (signal: AbortSignal): Promise<readonly string[]> => {
    const listing = await fetchListing(connection, state.address, signal);
    state.listed = true;
    state.llama = listing.llama;
    const other = wanted === null ? null : onlyOther(listing, wanted);
    if (wanted !== null) state.model = other ?? wanted;
    if (other !== null && other !== only.model) Object.assign(only, { model: other, told: false });
    return listing.models;
  };
  return {
    get address() {
      return state.address;
    },
    get model() {
      return state.model;
    },
    get llama() {
      return state.llama;
    },
    list,
    settle: async (signal) => {
      if (state.model !== null && state.listed) return;
      const models = await list(signal).catch((thrown: unknown) => {
        const movable = state.move === "none" && versioned(state.address) !== null;
        if (!answersWithoutList(thrown, state.model, movable)) throw thrown;
        state.listed = true;
        return null;
      });
      if (state.model !== null || models === null) return;
      state.model = firstChat(models);
      if (state.model === null) throw noModel(state.address);
      log.info({ server: shownAddress(state.address), model: state.model }, "using the first model that the server lists");
    },
    moveToVersioned: () => {
      const moved = state.move === "none" ? versioned(state.address) : null;
      if (moved === null) {
        if (state.move === "tried") [state.address, state.move] = [address, "none"];
        return false;
      }
      state.address = moved;
      state.move = "tried";
      return true;
    },
    confirm: () => {
      if (!only.told) {
        only.told = true;
        const told = `${shownAddress(state.address)} has no model "${wanted}", so its only one answers: ${only.model}. Choose that one with /model or \`hermes model\``;
        log.warn({ server: shownAddress(state.address) }, told);
        const about = {
          say: "only_model",
          server: shownAddress(state.address),
          wanted: wanted ?? "",
          model: only.model,
        } as const;
        return { type: "notice", text: told, about };
      }
      if (state.move !== "tried") return null;
      state.move = "told";
      const told = `${shownAddress(address)} is no model API, ${shownAddress(state.address)} is: set OPENAI_BASE_URL (model.base_url) to the latter`;
      log.warn({ server: shownAddress(state.address) }, told);
      const about = { say: "other_address", from: shownAddress(address), to: shownAddress(state.address) } as const;
      return { type: "notice", text: told, about };
    },
    forget: () => {
      const mends = state.model !== null && state.model !== wanted;
      state.listed = false;
      state.model = wanted;
      return mends;
    },
    listAgain: () => void (state.listed = false),
  };
}

/** A server that has no list, or fails at it, may still answer; one that is away, loading, or refuses the key will not. */
function answersWithoutList(thrown: unknown, model: string | null, movable: boolean): boolean {
  if (!(thrown instanceof APIError) || thrown.status === undefined) return false;
  if (thrown.status === 404 || thrown.status === 405) return model !== null || !movable;
  return model !== null && ![401, 403, 503].includes(thrown.status);
}

interface Listing {
  readonly models: readonly string[];
  /** Other names of these models. */
  readonly aliases: readonly string[];
  readonly llama: boolean;
  /** A llama-server that loads what is asked for, and refuses what it does not know. */
  readonly router: boolean;
}

/** The one model of a llama-server that was asked for another: it answers under whatever name. Null where the name is right, or is refused. */
function onlyOther({ models: [only, ...more], aliases, llama, router }: Listing, wanted: string): string | null {
  if (!llama || router || only === undefined || more.length > 0) return null;
  return [only, ...aliases].some((name) => name === wanted || shownModel(name) === shownModel(wanted)) ? null : only;
}

/** GET /models, reading no more of it than names and owner. */
export async function fetchListing(connection: Connection, address: string, signal: AbortSignal): Promise<Listing> {
  const body = await connection.get(address, "/models", signal);
  const data = isObject(body) && Array.isArray(body["data"]) ? body["data"].filter(isObject) : null;
  // Anything else that answers here (a web page, another program's JSON) is as good as no such path.
  if (data === null) throw new APIError(404, { message: "not found" }, "not found", new Headers());
  const models = data.map((entry) => entry["id"]).filter((id) => typeof id === "string");
  const others = data.flatMap((entry) => (Array.isArray(entry["aliases"]) ? entry["aliases"] : []));
  const aliases = others.filter((each) => typeof each === "string");
  const llama = data.some((entry) => entry["owned_by"] === "llamacpp");
  return { models, aliases, llama, router: data.some((entry) => entry["status"] !== undefined) };
}

/** The first that can hold a conversation, going by names. */
export function firstChat(models: readonly string[]): string | null {
  return models.find((name) => !/embed|rerank|whisper|\btts\b|clip\b/i.test(name)) ?? models[0] ?? null;
}

function noModel(address: string): Failure {
  const message = `the model server at ${shownAddress(address)} lists no model`;
  return new Failure("model.refused", message, {
    advice: "Load one there (with Ollama: `ollama pull qwen3`).",
    about: { say: "lists_none", server: shownAddress(address) },
  });
}
