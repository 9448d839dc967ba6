import type { KeyPath } from "./keys.ts";

/** Variables of the original that are keys of config.yaml here; `hermes config migrate` brings them over. */
export const movedVariables: Readonly<Record<string, KeyPath>> = {
  TERMINAL_ENV: "terminal.backend",
  TERMINAL_CWD: "terminal.cwd",
  TERMINAL_TIMEOUT: "terminal.timeout",
  TERMINAL_LIFETIME_SECONDS: "terminal.lifetime_seconds",
  TERMINAL_DOCKER_IMAGE: "terminal.docker_image",
  TERMINAL_SSH_HOST: "terminal.ssh_host",
  TERMINAL_SSH_USER: "terminal.ssh_user",
  TERMINAL_SSH_KEY: "terminal.ssh_key",
  HERMES_MAX_ITERATIONS: "agent.max_turns",
  HERMES_GATEWAY_BUSY_INPUT_MODE: "display.busy_input_mode",
  DELEGATION_MAX_CONCURRENT_CHILDREN: "delegation.max_concurrent_children",
};

const unused =
  /^(?:(?:GOOGLE|GEMINI|GLM|KIMI|MINIMAX|NVIDIA|GROQ|EXA|PARALLEL|FIRECRAWL|ELEVENLABS|HONCHO|API_SERVER|BROWSERBASE|FAL)_\w*KEY|HF_TOKEN|HASS_TOKEN|VOICE_TOOLS_OPENAI_KEY|BROWSERBASE_\w+|API_SERVER_(?:HOST|PORT)|GATEWAY_ALLOWED_USERS|TERMINAL_SANDBOX_DIR|(?:TELEGRAM|DISCORD|SLACK)_(?:GROUP_ALLOWED_(?:USERS|CHATS)|HOME_CHANNEL\w*|CRON_THREAD_ID|ALLOW_BOTS|PROXY|ALLOWED_ROLES|IGNORE_NO_MENTION|REPLY_TO_MODE|COMMAND_SYNC_POLICY|ALLOW_MENTION_\w+|ALLOW_ALL_USERS)|HERMES_(?:API_TIMEOUT|API_CALL_STALE_TIMEOUT|STREAM_\w+|LOCAL_STREAM_STALE_TIMEOUT|AGENT_TIMEOUT|CRON_TIMEOUT|CRON_MAX_PARALLEL|YOLO_MODE|EXEC_ASK|REDACT_SECRETS|WRITE_SAFE_ROOT|BACKGROUND_NOTIFICATIONS|EPHEMERAL_SYSTEM_PROMPT|DUMP_REQUESTS|DISCORD_TEXT_BATCH_DELAY_SECONDS|VISION_MAX_CONCURRENCY))$/;

/** Whether the original Hermes Agent has this variable, and this version nothing like it. */
export function isOriginalVariable(name: string): boolean {
  return unused.test(name) || whoMay.test(name);
}

/** Whether it says who may speak to the agent: here people are let in with codes. */
export function saysWhoMay(name: string): boolean {
  return whoMay.test(name);
}

const whoMay = /^(?:TELEGRAM|DISCORD|SLACK|GATEWAY)_(?:GROUP_)?ALLOWED_USERS$/;
