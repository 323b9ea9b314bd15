// Tabs, tools, and running one of them.

import { Once, call, get } from "./api.js";
import { action, alertBox, announce, busy, count, el, raits } from "./dom.js";
import { schemaForm } from "./form.js";
import { stepList } from "./progress.js";
import { watch } from "./watch.js";

const MODES = {
  quick: ["Быстро", "ответ сразу"],
  standard: ["По шагам", "дольше, с ходом работы"],
};

/** Tabs, and the tools of one of them. */
export async function showTools({ title }, tabId) {
  title("Инструменты");
  const { tabs } = await get("/tools/tabs");
  const current = tabs.find((tab) => tab.id === tabId) || tabs[0];
  const { tools } = await get(`/tools/tabs/${encodeURIComponent(current.id)}`);
  return [
    el("h1", {}, "Инструменты"),
    el("nav", { class: "tabs", "aria-label": "Вкладки" }, tabs.map((tab) =>
      el("a", { href: `#/tools/${tab.id}`, "aria-current": tab.id === current.id && "page" },
        tab.name, el("span", { class: "quiet small" }, ` ${tab.tools_count}`)))),
    el("ul", { class: "cards plain-list" }, tools.map((tool) =>
      el("li", {}, el("a", { class: "card tool", href: `#/tool/${tool.id}` },
        el("strong", {}, tool.name),
        el("span", { class: "quiet small" }, tool.description),
        el("span", { class: "small price" }, `до ${raits(tool.estimated_cost)}`))))),
  ];
}

/** A tool's form and its result. */
export async function showTool({ title, signal, refreshBalance }, toolId) {
  const tool = await get(`/tools/${encodeURIComponent(toolId)}/schema`);
  title(tool.name);
  const form = schemaForm(tool.input_schema);
  const failure = alertBox();
  const output = el("div", { class: "output" });
  const modes = tool.supports_modes.map((mode, index) => {
    const [name, note] = MODES[mode] || [mode, ""];
    return el("label", { class: "choice" },
      el("input", { type: "radio", name: "mode", value: mode, checked: index === 0 }), name, el("span", { class: "quiet small" }, note));
  });
  const submit = el("button", { type: "submit" }, "Запустить");
  const price = el("span", { class: "quiet" }, `не дороже ${raits(tool.estimated_cost)}`);
  const sheet = el("form", { class: "card", novalidate: true },
    form.element,
    el("fieldset", { class: "field", hidden: modes.length < 2 }, el("legend", {}, "Как работать"), modes),
    failure.box,
    el("div", { class: "actions" }, submit, price));
  const once = new Once();

  const run = async () => {
    failure.clear();
    form.showErrors([]);
    output.replaceChildren();
    const mode = new FormData(sheet).get("mode");
    if (mode === "quick") announce("Запущено");
    try {
      const session = await once.call("POST", `/tools/${encodeURIComponent(toolId)}/execute`, { input: form.read(), mode });
      if (session.status === "completed") output.replaceChildren(...resultOf(session));
      else await follow(session.session_id, session.websocket_url, { output, signal, refreshBalance });
    } catch (error) {
      const rest = form.showErrors(error.fields || []);
      failure.show(rest.length ? rest.join(". ") : explain(error));
    } finally {
      refreshBalance();
    }
  };
  sheet.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(submit, run);
  });
  return [el("p", { class: "small" }, el("a", { href: "#/tools" }, "← Инструменты")), el("h1", {}, tool.name), sheet, output];
}

function explain(error) {
  if (error.code === "INSUFFICIENT_BALANCE" && error.details.required !== undefined) {
    return `${error.message}: нужно ${raits(error.details.required)}, есть ${raits(error.details.balance)}`;
  }
  return error.message || String(error);
}

/** Shows a session's steps live in `output`, then its result. Resolves at its end. */
export async function follow(sessionId, websocketUrl, { output, signal, refreshBalance }) {
  const path = `/generation/sessions/${encodeURIComponent(sessionId)}`;
  const steps = stepList();
  const failure = alertBox();
  const stop = action("Остановить", async () => {
    try {
      await call("DELETE", path);
    } catch (error) {
      failure.show(error.message);
    }
  }, { class: "secondary" });
  output.replaceChildren(steps.element, failure.box, el("div", { class: "actions" }, stop));
  let end = null;
  await watch(websocketUrl, {
    signal,
    onEvent(event) {
      steps.handle(event);
      if (event.event === "completed" || event.event === "error") end = event;
    },
    onLost: () => failure.show("Связь потеряна. Работа продолжается: результат появится в истории."),
  });
  if (!end || signal.aborted) return;
  stop.remove();
  if (end.event === "error") {
    failure.show(end.code === "SESSION_NOT_FOUND" ? "Остановлено, Райты возвращены" : end.message);
  } else {
    // The event lacks the provider, and results that are too long for it.
    output.append(...resultOf(await get(path)));
  }
  refreshBalance();
}

/** A finished session's text and cost. */
export function resultOf(session) {
  const text = session.result || "";
  const copied = el("span", { class: "quiet small", role: "status" });
  const copy = action("Скопировать", async () => {
    try {
      await navigator.clipboard.writeText(text);
      copied.textContent = "Скопировано";
    } catch {
      copied.textContent = "Браузер не разрешил: выделите текст сами";
    }
  }, { class: "secondary" });
  announce("Готово");
  return [el("section", { class: "card result", "aria-label": "Результат" },
    el("h2", {}, "Результат"),
    el("div", { class: "text" }, text),
    el("p", { class: "quiet small facts" },
      `Списано ${raits(session.cost_raits)} · модель ${session.provider_used} · ${count(session.tokens_used)} токенов`),
    el("div", { class: "actions" }, copy, copied))];
}
