// The history of runs.

import { call, get } from "./api.js";
import { action, alertBox, el, pagedList, raits, when } from "./dom.js";
import { follow, resultOf } from "./tools.js";

const PAGE = 10;

export const STATUS = { pending: "в очереди", in_progress: "в работе", completed: "готово", failed: "не удалось", processing: "в работе" };

export async function showSessions({ title }) {
  title("История");
  const load = async (offset) => {
    const { sessions, pagination } = await get(`/generation/sessions?limit=${PAGE}&offset=${offset}`);
    return { items: sessions, pagination };
  };
  const draw = (session) => el("a", { class: "card row", href: `#/session/${session.session_id}` },
    el("span", { class: "row-main" }, el("strong", {}, session.tool_name), el("span", { class: "quiet small preview" }, session.preview)),
    el("span", { class: "row-side small" },
      el("span", { class: `badge ${session.status}` }, STATUS[session.status] || session.status),
      el("span", {}, session.status === "completed" ? raits(session.cost_raits) : ""),
      el("time", { class: "quiet", datetime: session.created_at }, when(session.created_at))));
  const list = pagedList(load, draw, "Здесь появятся ваши запуски.", { id: "sessions" });
  await list.next();
  return [el("h1", {}, "История"), list.element];
}

export async function showSession({ title, signal, refreshBalance, go }, id) {
  const path = `/generation/sessions/${encodeURIComponent(id)}`;
  const [session, tool] = await get(path).then(async (found) => [found, await toolOf(found.tool_id)]);
  title(tool.name);
  const output = el("div", { class: "output" });
  const failure = alertBox();
  const remove = action("Удалить из истории", async () => {
    try {
      await call("DELETE", path);
      refreshBalance();
      go("#/sessions");
    } catch (error) {
      failure.show(error.message);
    }
  }, { class: "secondary" });
  if (session.status === "completed") {
    output.append(...resultOf(session));
  } else if (session.status === "failed") {
    output.append(el("p", { class: "message bad" }, "Запуск не удался, Райты не списаны."));
  } else {
    // Not awaited: the page is drawn while the session runs.
    follow(id, `/ws/generation/${encodeURIComponent(id)}`, { output, signal, refreshBalance }).catch((error) => failure.show(error.message));
  }
  return [
    el("p", { class: "small" }, el("a", { href: "#/sessions" }, "← История")),
    el("h1", {}, tool.name),
    el("p", { class: "quiet small" }, when(session.created_at)),
    output,
    inputOf(session.input_data, tool.input_schema),
    failure.box,
    el("div", { class: "actions" }, el("a", { class: "button secondary", href: `#/tool/${encodeURIComponent(session.tool_id)}` }, "Запустить ещё раз"), remove),
  ];
}

/** A tool that has left the catalogue is shown by its id. */
async function toolOf(id) {
  try {
    return await get(`/tools/${encodeURIComponent(id)}/schema`);
  } catch {
    return { name: id, input_schema: {} };
  }
}

function inputOf(input, schema) {
  const shown = Object.entries(input || {}).filter(([, value]) => value !== "" && !(Array.isArray(value) && value.length === 0));
  const property = (name) => ((schema.properties || {})[name] || {}).title || name;
  const words = (value) => (Array.isArray(value) ? value.join(", ") : value === true ? "да" : value === false ? "нет" : String(value));
  return el("section", { class: "card", "aria-label": "Задание" },
    el("h2", {}, "Задание"),
    el("dl", { class: "facts" }, shown.map(([name, value]) => [el("dt", {}, property(name)), el("dd", { class: "text" }, words(value))])));
}
