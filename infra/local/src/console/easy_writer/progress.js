// Progress of a job: its steps or its percentage, and its end.

import { announce, el } from "./dom.js";

/** The steps of a writing tool. Feed it the events of `/ws/generation/{id}`. */
export function stepList() {
  const list = el("ol", { class: "steps" });
  const note = el("p", { class: "quiet" }, "Ждём очереди…");
  const element = el("section", { class: "card progress", "aria-label": "Ход работы" }, note, list);
  let steps = [];

  const step = (number) => steps[number - 1];
  const handlers = {
    connected() {
      steps = [];
      list.replaceChildren();
      note.textContent = "Ждём очереди…";
    },
    step_started({ step: number, step_name: name, total_steps: total }) {
      for (let next = steps.length; next < total; next += 1) {
        const bar = el("progress", { max: 100, value: 0, hidden: true });
        const title = el("span", { class: "step-name" }, `Шаг ${next + 1}`);
        const item = el("li", { "data-state": "waiting" }, title, bar);
        steps.push({ item, bar, title });
        list.append(item);
      }
      const { item, bar, title } = step(number);
      title.textContent = name;
      bar.setAttribute("aria-label", name);
      bar.hidden = false;
      item.dataset.state = "running";
      note.textContent = `Шаг ${number} из ${total}`;
      announce(`Шаг ${number} из ${total}: ${name}`);
    },
    step_progress({ step: number, progress }) {
      if (step(number)) step(number).bar.value = progress;
    },
    step_completed({ step: number }) {
      if (!step(number)) return;
      step(number).bar.value = 100;
      step(number).item.dataset.state = "done";
    },
    completed() {
      note.textContent = "Готово";
      announce("Готово");
    },
    error({ message }) {
      note.textContent = "Остановлено";
      const running = steps.find(({ item }) => item.dataset.state === "running");
      if (running) running.item.dataset.state = "failed";
      announce(message || "Ошибка");
    },
  };
  return { element, handle: (event) => handlers[event.event] && handlers[event.event](event) };
}

/** One bar. Feed it the events of `/ws/image/{id}`. */
export function percentage(label) {
  const bar = el("progress", { max: 100, "aria-label": label });
  const note = el("p", { class: "quiet" }, label);
  const element = el("section", { class: "card progress", "aria-label": "Ход работы" }, note, bar);
  const handle = (event) => {
    if (event.event === "connected") bar.removeAttribute("value");
    if (event.event === "processing") {
      bar.value = event.progress;
      note.textContent = `${label}: ${event.progress} %`;
    }
    if (event.event === "completed") {
      bar.value = 100;
      note.textContent = "Готово";
      announce("Готово");
    }
    if (event.event === "error") {
      note.textContent = "Остановлено";
      announce(event.message || "Ошибка");
    }
  };
  return { element, handle };
}
