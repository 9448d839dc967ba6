import { languageOf, languages } from "../../commands/languages/index.ts";
import type { Person } from "../../core/chats.ts";
import type { PersonalPorts } from "../../core/personal.ts";
import type { Db } from "../../store/hold.ts";
import { choosePersonSetting, personSettings } from "../../store/person-settings.ts";

/** What the person has chosen for themselves. */
export function personalPorts(db: Db, person: Person): PersonalPorts {
  return {
    languages,
    async settings() {
      const { language = null, client_language: told, timezone = null } = await personSettings(db, person.id);
      return { language, client: languageOf(told)?.code ?? null, timezone };
    },
    choose: (setting, value) => choosePersonSetting(db, person.id, setting, value),
  };
}
