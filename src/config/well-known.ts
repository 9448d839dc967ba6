/** Hosted services that can be named without an entry, with their address and the variable of their key (each from its own documentation). */
export const wellKnown: Readonly<Record<string, { readonly baseUrl: string; readonly keyEnv: string }>> = {
  anthropic: { baseUrl: "https://api.anthropic.com/v1", keyEnv: "ANTHROPIC_API_KEY" },
  deepseek: { baseUrl: "https://api.deepseek.com/v1", keyEnv: "DEEPSEEK_API_KEY" },
  openrouter: { baseUrl: "https://openrouter.ai/api/v1", keyEnv: "OPENROUTER_API_KEY" },
};
