// Elements, words and numbers. Strings become text nodes, never markup.

/** An element with attributes and children. `onclick` and its kin take functions; `false`, `null` and `undefined` leave an attribute out. */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

let serial = 0;

/** An id that no other element has. */
export function uniqueId(prefix) {
  serial += 1;
  return `${prefix}-${serial}`;
}

/** Announces a change to screen readers. */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}

const number = new Intl.NumberFormat("ru");
const moment = new Intl.DateTimeFormat("ru", { dateStyle: "medium", timeStyle: "short" });

export function raits(amount) {
  return `${number.format(amount)} Ꝑ`;
}

const forms = { one: "Райт", few: "Райта", many: "Райтов", other: "Райта" };
const plural = new Intl.PluralRules("ru");

/** Spelled out beside roubles: the two signs look alike. */
export function raitsInWords(amount) {
  return `${number.format(amount)} ${forms[plural.select(amount)]}`;
}

export function rubles(amount) {
  return `${number.format(amount)} ₽`;
}

export function count(amount) {
  return number.format(amount);
}

export function when(text) {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? "" : moment.format(date);
}

/** A box for error messages. */
export function alertBox() {
  const box = el("div", { class: "message bad", role: "alert", hidden: true });
  return {
    box,
    show(text) {
      box.textContent = text;
      box.hidden = false;
    },
    clear() {
      box.textContent = "";
      box.hidden = true;
    },
  };
}

/** A button that ignores clicks while its action runs. */
export function action(label, work, attributes = {}) {
  const button = el("button", { type: "button", ...attributes }, label);
  button.addEventListener("click", () => busy(button, work));
  return button;
}

/** Runs `work` with the button disabled. */
export async function busy(button, work) {
  if (button.getAttribute("aria-disabled") === "true") return;
  // Not `disabled`, which would lose the keyboard focus.
  button.setAttribute("aria-disabled", "true");
  try {
    await work();
  } finally {
    button.removeAttribute("aria-disabled");
  }
}

/** A paginated list. `load(offset)` returns `{ items, pagination }`, `draw(item)` an element. */
export function pagedList(load, draw, emptyText, attributes = {}) {
  const list = el("ul", { class: "list", ...attributes });
  const note = el("p", { class: "quiet", hidden: true }, emptyText);
  const failure = alertBox();
  const more = el("button", { type: "button", class: "secondary", hidden: true }, "Показать ещё");
  let offset = 0;
  const next = async () => {
    failure.clear();
    try {
      const { items, pagination } = await load(offset);
      offset += items.length;
      list.append(...items.map((item) => el("li", {}, draw(item))));
      more.hidden = !pagination.has_more;
      note.hidden = list.childElementCount > 0;
    } catch (error) {
      failure.show(error.message);
    }
  };
  more.addEventListener("click", () => busy(more, next));
  const element = el("div", {}, list, note, failure.box, more);
  const reload = async () => {
    offset = 0;
    list.replaceChildren();
    await next();
  };
  return { element, reload, next };
}
