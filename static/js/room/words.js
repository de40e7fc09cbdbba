/**
 * Sentences of the room that depend on what happened: reasons, failures, stage directions. Rule
 * ids and persona names come from the server with the page; everything else is gettext.
 */

import { t } from "../i18n.js";

/** Triggers and the rule whose damage word says the same. */
const SAME_AS = {
  we_no_i: "we_only",
  number_no_baseline: "no_baseline",
  strong: "solid",
  score: "below_par",
};

/** Texts that need the room: labels of rules and names of the panel. */
export class Words {
  constructor(room) {
    this.labels = room.labels || {};
    this.names = Object.fromEntries(room.panel.map((person) => [person.id, person.name]));
    this.against = new Set(room.rules_against || []);
    this.language = room.language;
  }

  /** Return the name of a persona. */
  name(id) {
    return this.names[id] || id || "";
  }

  /** Return the short damage word of a rule. */
  rule(id) {
    if (!id) return "";
    const [family] = id.split(":");
    if (family === "key_point_missing") return t("A point left out");
    const word = this.labels[id] || this.labels[family] || this.labels[SAME_AS[family]];
    return word || weakness(family) || family.replaceAll("_", " ");
  }

  /** Return the arithmetic of a score, its shorthand in the reader's language. */
  arithmetic(explain) {
    return explain.replace(/[a-z_]+/g, (word) => (word in this.labels ? this.rule(word) : t(word).replaceAll("_", " ")));
  }

  /** Say whether a piece of evidence counts against the answer. */
  isAgainst(item) {
    return this.against.has(item.rule);
  }

  /** Return what a persona weighs above the rest, heaviest first; empty when all weigh the same. */
  listensFor(person) {
    const weights = Object.entries(person.weights || {}).sort(([, one], [, other]) => other - one);
    const heavy = weights.filter(([, weight]) => weight > 1 && weight > weights.at(-1)[1]).slice(0, 3);
    if (heavy.length === 0) return "";
    const names = heavy.map(([key, weight]) => `${dimension(key)} ×${weight}`);
    return t("Listens for {dimensions}.", { dimensions: names.join(t(", ")) });
  }

  /** Return what the persona who is about to speak seems to be doing. */
  waiting(turn) {
    const name = this.name(turn.speaker);
    if (!name) return t("The panel confers");
    if (turn.position > 1) {
      return t("{name} waits for the floor, {count} ahead", { name, count: turn.position - 1 });
    }
    const plan = turn.plan || {};
    switch ((plan.trigger || "").split(":")[0]) {
      case "no_number":
      case "number_no_baseline":
      case "perfect_number":
        return t("{name} is doing your sums again", { name });
      case "we_no_i":
        return t("{name} is counting heads in your “we”", { name });
      case "contradiction":
        return t("{name} turns back a page", { name });
      case "evasive":
      case "off_topic":
        return t("{name} has put the pen down", { name });
      case "strong":
        return t("{name} sits up", { name });
      default:
        if (plan.claim) return t("{name} runs a finger along your résumé", { name });
        return t("{name} draws breath", { name });
    }
  }

  /** Return one sentence for the record of events. */
  record(event) {
    const data = event.data || {};
    const name = this.name(data.persona || data.speaker);
    const change = `${data.from} → ${data.to}`;
    switch (event.type) {
      case "room.created":
        return t("The room opens");
      case "resume.parsed":
        return t("Your page is read: {count} claims", { count: data.n_facts });
      case "settings.changed":
        return t("From here on: {changes}.", { changes: settingWords(data) });
      case "turn.speaker_selected":
        return t("{name} takes the floor", { name });
      case "turn.planned":
        return data.intent === "follow_up" ? t("A follow-up is ready") : t("A question is ready");
      case "turn.segment":
        return t("Words go on the record");
      case "turn.done":
        return t("Said to the end");
      case "turn.degraded":
        return understudy(data);
      case "answer.submitted":
        return t("You answered");
      case "integrity.injection":
        return t("Words aimed at the score sheet are struck out");
      case "hint.taken":
        return t("You took a hint");
      case "goal.reached":
        return t("The win is yours to keep");
      case "checkpoint.saved":
        return t("A bookmark in the record");
      case "turn.cancelled":
        return t("Interrupted, stopped in {ms} ms", { ms: data.latency_ms ?? "?" });
      case "turn.first_token":
        return t("First word after {ms} ms", { ms: data.ttft_ms });
      case "turn.queued":
        if (!data.position) return t("In the queue");
        return t("Place {position} in the queue", { position: data.position });
      case "turn.started":
        return t("Spoken by {voice}", {
          voice: [...new Set([data.provider, data.model])].filter(Boolean).join(" · "),
        });
      case "turn.failed":
      case "turn.rejected":
        return brokenTurn(data);
      case "answer.scored":
        return t("{q} against a par of {par}", { q: score(data.q), par: score(data.par) });
      case "hp.changed":
        return `${t("Nerve")} ${change}`;
      case "approval.changed":
        return `${name} ${change}`;
      case "followup.fired":
        return t("Pressed on: {rule}", { rule: this.rule(data.trigger) });
      case "round.started":
        return t("Round {round}, par {par}", { round: data.round, par: score(data.par) });
      case "persona.convinced":
        return t("{name} is convinced", { name });
      case "persona.unconvinced":
        return t("{name} takes the vote back.", { name });
      case "persona.walked_out":
        return t("{name} has left the room.", { name });
      case "room.settled":
        return verdictWord(data.result, data.reason);
      default:
        return event.type;
    }
  }
}

/** Return a score as people read it: no needless decimals. */
export function score(value) {
  return Number.isFinite(value) ? String(Math.round(value)) : "–";
}

/** Return a difference with its sign, with a true minus. */
export function signed(value) {
  return value < 0 ? `−${Math.abs(value)}` : `+${value}`;
}

/** Return the name of a scoring dimension. */
export function dimension(key) {
  return (
    {
      relevance: t("Relevance"),
      specificity: t("Specifics"),
      depth: t("Depth"),
      ownership: t("Ownership"),
      structure: t("Structure"),
      consistency: t("Consistency"),
    }[key] || key
  );
}

/** Return what is wrong with a line of the résumé, in two words. */
export function weakness(key) {
  return (
    {
      no_baseline: t("No baseline"),
      no_owner: t("Whose work?"),
      scale_unknown: t("What scale?"),
      buzzword: t("Buzzword"),
      perfect_number: t("Too perfect"),
      duration_vs_claim: t("Dates strain"),
    }[key] || ""
  );
}

/** Return the sentence for a turn that broke off or was refused. */
export function brokenTurn({ reason, retry_after_s: seconds, retryAfter }) {
  const wait = seconds ?? retryAfter;
  switch (reason) {
    case "queue_full":
    case "rate_limited":
    case "overloaded":
      return wait
        ? t("The court is full. There is room again in about {seconds} seconds.", { seconds: wait })
        : t("The court is full. Ask again in a moment.");
    case "lost_worker":
    case "lease_lost":
      return t("The speaker lost their voice in mid-sentence. Nothing of yours is lost.");
    case "timeout":
    case "provider_timeout":
    case "stalled":
      return t("The speaker fell silent for too long.");
    default:
      return t("The line to the speaker broke off. Nothing of yours is lost.");
  }
}

/** Return why somebody else speaks, or finishes, a line; `reason` is that of `turn.degraded`. */
export function understudy({ to, reason }) {
  if (to === "whole_line") return t("The house is full: this line came all at once.");
  switch (reason) {
    case "provider_timeout":
      return t("The model kept the room waiting; the script stood in.");
    case "other_speaker":
      return t("The model began to speak for others; the script took the line back.");
    case "wrong_language":
      return t("The model fell into another language; the script stood in.");
    case "taboo":
    case "leak":
      return t("The model said what nobody may say here; the script stood in.");
    case "no_question":
    case "too_long":
    case "empty":
      return t("The model came to no question; the script asked it.");
    default:
      return t("Spoken by the understudy: the first voice was not to be had.");
  }
}

/** Return what the judge's opinion did to a score, or why the rules decided alone. */
export function judgeSentence(judged) {
  switch (judged.outcome) {
    case "weighed":
      return judged.n_votes > 1
        ? t("It was close, so {n} judges were asked. The rules say {rules}, the middle vote {judge}.", {
            n: judged.n_votes,
            rules: score(judged.q_rules),
            judge: score(judged.q),
          })
        : t("A second judge was heard: the rules say {rules}, the judge {judge}.", {
            rules: score(judged.q_rules),
            judge: score(judged.q),
          });
    case "unconfirmed":
      return t("It was close, and too few judges were to be had: the rules decided alone.");
    case "injection":
    case "capped":
      return t("The rules decided alone; no judge is asked about an answer like that.");
    default:
      return t("The rules decided alone: the second judge was not to be had.");
  }
}

/** Return what a follow-up asked for, and what that means for the score of its answer. */
export function pressedSentence({ want, outcome }) {
  const asked = {
    number: t("The follow-up asked for a number."),
    moment: t("The follow-up asked when."),
    owner: t("The follow-up asked who."),
    reason: t("The follow-up asked why."),
    detail: t("The follow-up asked for one concrete thing."),
  };
  const became = {
    met: t("You gave it, so that alone is weighed: few words cost nothing, and more would earn nothing."),
    missed: t("It is not in this answer, so half the points are the most there can be."),
    open: t("The rules cannot tell whether this is it; a short answer is not held against you."),
  };
  return t("{asked} {became}", { asked: asked[want], became: became[outcome] });
}

/** Return the two or three words of the verdict; `reason` tells a kept seat from a won panel. */
export function verdictWord(result, reason = "") {
  if (result === "won") {
    return reason === "goal_reached" ? t("You kept the seat") : t("The panel is yours");
  }
  if (result === "lost") return t("Dismissed");
  return t("You left the seat");
}

/** Return the one sentence that says why it ended. */
export function verdictSentence(reason) {
  return (
    {
      goal_reached: t("You were still in the chair when they ran out of reasons."),
      panel_convinced: t("They came to doubt you, and they leave quoting you."),
      hp_zero: t("Your nerve ran out before their questions did."),
      walked_out: t("A chair scraped back, and one of them was gone."),
      panel_cold: t("Nobody stood up. They had simply stopped listening."),
      out_of_rounds: t("The clock closed the file with votes still missing."),
      contradiction_fatal: t("You and your résumé told two different stories."),
      integrity: t("You spoke to the score sheet once too often."),
      abandoned: t("The chair is empty, and the file is closed."),
      timeout: t("The room waited, and then it locked up."),
    }[reason] || t("The file is closed.")
  );
}

/** Return the sentence for a note between the lines, or an empty string. */
export function noteSentence(entry, words) {
  const data = entry.data || {};
  const name = words.name(data.persona);
  switch (entry.note) {
    case "convinced":
      return t("{name} is convinced, and will ask no more.", { name });
    case "unconvinced":
      return t("{name} takes the vote back.", { name });
    case "walked_out":
      return t("{name} has left the room.", { name });
    case "hint":
      return t("You took a hint. It costs points at the end.");
    case "goal":
      return t("Round {round}: the win is yours to keep.", { round: data.round });
    case "refused":
      return brokenTurn(data);
    case "forked":
      return t("This game branches off from another one.");
    case "settings":
      return t("From here on: {changes}.", { changes: settingWords(data) });
    default:
      return "";
  }
}

function settingWords(changes) {
  const values = {
    serial: t("they speak in turn"),
    random: t("the floor is drawn by lot"),
    director: t("the chair picks the speaker"),
    calm: t("a calm pace"),
    normal: t("the usual pace"),
    brisk: t("a brisk pace"),
    zh: t("in Chinese"),
    en: t("in English"),
  };
  return Object.entries(changes)
    .map(([key, value]) =>
      key === "difficulty" ? t("difficulty {level}", { level: value }) : values[value] || "",
    )
    .filter(Boolean)
    .join(t(", "));
}
