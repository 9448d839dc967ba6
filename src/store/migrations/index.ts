import type { Migration } from "../migrate.ts";
import { record } from "./0001-record.ts";
import { models } from "./0002-models.ts";
import { compactions } from "./0003-compactions.ts";
import { workers } from "./0004-workers.ts";
import { questions } from "./0005-questions.ts";
import { search } from "./0006-search.ts";
import { processes } from "./0007-processes.ts";
import { files } from "./0008-files.ts";
import { grants } from "./0009-grants.ts";
import { sentFiles } from "./0010-sent-files.ts";
import { errands } from "./0011-errands.ts";
import { memories } from "./0012-memories.ts";
import { skills } from "./0013-skills.ts";
import { schedules } from "./0014-schedules.ts";
import { peopleSettings } from "./0015-people-settings.ts";
import { pageFiles } from "./0016-page-files.ts";
import { searchScale } from "./0017-search-scale.ts";
import { invitations } from "./0018-invitations.ts";
import { presences } from "./0019-presences.ts";
import { scheduleEdits } from "./0020-schedule-edits.ts";

/** All steps of the schema, oldest first. A released one never changes; the next is a new file and a new line. */
export const migrations: readonly Migration[] = [
  { name: "0001-record", sql: record },
  { name: "0002-models", sql: models },
  { name: "0003-compactions", sql: compactions },
  { name: "0004-workers", sql: workers },
  { name: "0005-questions", sql: questions },
  { name: "0006-search", sql: search },
  { name: "0007-processes", sql: processes },
  { name: "0008-files", sql: files },
  { name: "0009-grants", sql: grants },
  { name: "0010-sent-files", sql: sentFiles },
  { name: "0011-errands", sql: errands },
  { name: "0012-memories", sql: memories },
  { name: "0013-skills", sql: skills },
  { name: "0014-schedules", sql: schedules },
  { name: "0015-people-settings", sql: peopleSettings },
  { name: "0016-page-files", sql: pageFiles },
  { name: "0017-search-scale", sql: searchScale },
  { name: "0018-invitations", sql: invitations },
  { name: "0019-presences", sql: presences },
  { name: "0020-schedule-edits", sql: scheduleEdits },
];
