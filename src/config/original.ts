/**
 * Keys of the original Hermes Agent that this version does not use, so that a finding can say so instead of calling them misspelt.
 * A section alone stands for all that is in it.
 */
const sections: Readonly<Record<string, string>> = {
  model: "ollama_num_ctx streaming default_headers extra_headers persist_switch_by_default aliases openai_runtime",
  agent:
    "gateway_timeout gateway_timeout_warning gateway_notify_interval session_stall_timeout gateway_turn_lease_timeout restart_drain_timeout restart_after_turn_timeout cron_drain_timeout build_wait_timeout api_max_retries auto_recovery_cycles reasoning_overrides service_tier fast_auto_seconds tool_use_enforcement intent_ack_continuation task_completion_guidance parallel_tool_call_guidance environment_probe environment_hint coding_context verify_on_stop max_verify_nudges clarify_timeout gateway_auto_continue_freshness gateway_startup_restore_drain_timeout reconnect_attention_after local_stream_stale_timeout image_input_mode personalities sanitizer_heal_escalation_threshold agent_cache verbose system_prompt",
  terminal:
    "home_mode degraded_mode credential_files shell_init_files auto_source_bashrc persistent_shell docker_forward_env docker_env docker_volumes docker_mount_cwd_to_workspace docker_extra_args docker_shm_size docker_run_as_host_user singularity_image modal_image daytona_image container_persistent sudo_password modal_mode",
  approvals:
    "cron_mode single_query_mode unattended_mode smart_policy denial_breaker_threshold destructive_slash_confirm mcp_reload_confirm transport",
  memory: "flush_min_turns write_approval provider",
  display:
    "tool_progress_grouping tool_progress_command tool_preview_length interim_assistant_messages long_running_notifications busy_ack_enabled busy_ack_detail busy_steer_ack_enabled background_process_notifications streaming show_reasoning reasoning_style cleanup_progress ephemeral_system_ttl file_mutation_verifier turn_completion_explainer suppress_warning_notifications live_status status_phrases personality skin platforms",
  telegram:
    "require_mention mention_patterns exclusive_bot_mentions free_response_chats allowed_chats group_allowed_chats observe_unmentioned_group_messages guest_mode ignored_threads reactions channel_prompts extra",
  discord: "bots_require_inline_mention free_response_auto_thread channel_prompts history_backfill allow_mentions extra",
  slack: "typing_status_text extra",
  compression:
    "threshold_tokens model_thresholds tail_mode min_tail_user_messages tail_assistant_max_chars max_attempts in_place abort_on_summary_failure checkpoint_required progress_notices idle_compact_after_seconds hygiene_timeout_seconds hygiene_total_ceiling_seconds hygiene_failure_cooldown_seconds hygiene_max_turn_hold_seconds context_timeout_seconds context_total_ceiling_seconds proactive_prune_tokens proactive_prune_min_result_chars proactive_prune_min_reclaim_tokens micro_compact micro_compact_every_n_turns summary_model summary_provider summary_base_url",
  auxiliary:
    "web_extract tts_audio_tags goal_judge monitor background_review curator review skills_hub mcp memory_query_rewrite profile_describer flush_memories",
  skills:
    "external_dirs create_dir template_vars inline_shell inline_shell_timeout guard_agent_created write_approval trusted_project_dirs project_discovery tier1_advisory ledger config",
  stt: "enabled provider language echo_transcripts local",
  logging: "max_size_mb backup_count",
  web: "extract_backend",
  security:
    "redact_secrets tirith_enabled tirith_path tirith_timeout tirith_fail_open website_blocklist protected_instruction_files approval acked_advisories allow_lazy_installs",
};

/** Fields of every side job. */
const auxiliaryFields =
  "extra_body reasoning_effort max_concurrency fallback_chain transient_retries stream_only_base_urls language prefer_fast_model api_mode";

const wholeSections = [
  "_config_version smart_model_routing known_plugin_toolsets dashboard updates",
  "model_aliases model_overrides fallback_model credential_pool_strategies provider_routing",
  "openrouter prompt_caching timeouts delegation code_execution privacy",
  "session_reset group_sessions_per_user thread_sessions_per_user max_concurrent_sessions sessions database streaming gateway platforms",
  "unauthorized_dm_behavior quick_commands custom_toolsets platform_hints hooks hooks_auto_accept tools",
  "tool_output file_read_max_chars context_file_max_chars tool_budget tool_loop_guardrails cron checkpoints goals curator tts voice",
  "human_delay browser context onboarding monitoring secrets prefill_messages_file worktree",
]
  .join(" ")
  .split(" ");

/** Whether the original Hermes Agent has this key (or the section it is in). */
export function isOriginalKey(path: string): boolean {
  const [section = "", name, field] = path.split(".");
  if (section === "auxiliary" && field !== undefined && auxiliaryFields.split(" ").includes(field)) return true;
  if (wholeSections.includes(section)) return true;
  return name !== undefined && (sections[section]?.split(" ").includes(name) ?? false);
}
