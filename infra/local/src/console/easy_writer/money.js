// Deposits, the return from a payment page, and the list of transactions.

import { Once, get } from "./api.js";
import { alertBox, announce, busy, el, pagedList, raits, raitsInWords, rubles, when } from "./dom.js";
import { labelled } from "./form.js";

const PAGE = 20;
const POLL = 1500;
const LAST_PAYMENT = "easy-writer.payment";

export async function showTopUp({ title }) {
  title("Пополнение");
  const [{ balance }, { methods, exchange_rate: rate, min_amount_rub: minimum }] = await Promise.all([get("/user/balance"), get("/payments/methods")]);
  const heading = [el("h1", {}, "Пополнение"), el("p", { class: "quiet" }, `На балансе ${raitsInWords(balance)}. Один рубль — ${raitsInWords(rate)}.`)];
  if (!methods.length) return [...heading, el("p", { class: "message" }, "Пополнение сейчас недоступно.")];

  const amount = el("input", { name: "amount", type: "number", inputmode: "numeric", min: minimum, step: 1, value: Math.max(minimum, 500) });
  const field = labelled("Сумма в рублях", amount, { required: true, hint: `Не меньше ${rubles(minimum)}` });
  const gain = el("output", { class: "gain", for: amount.id });
  const show = () => {
    const worth = Number(amount.value) * rate;
    gain.textContent = Number(amount.value) >= minimum ? `Будет зачислено ${raitsInWords(worth)}` : "";
  };
  amount.addEventListener("input", show);
  show();
  const failure = alertBox();
  const submit = el("button", { type: "submit" }, "Перейти к оплате");
  const form = el("form", { class: "card", novalidate: true },
    field.row, gain,
    el("fieldset", { class: "field" }, el("legend", {}, "Способ оплаты"), methods.map((method, index) =>
      el("label", { class: "choice" }, el("input", { type: "radio", name: "provider", value: method.id, checked: index === 0 }), method.name))),
    failure.box,
    el("div", { class: "actions" }, submit));
  const once = new Once();
  const pay = async () => {
    failure.clear();
    field.mark("");
    try {
      const body = { amount_rub: Number(amount.value), provider: new FormData(form).get("provider") };
      const payment = await once.call("POST", "/payments/create", body);
      sessionStorage.setItem(LAST_PAYMENT, payment.payment_id);
      const page = new URL(payment.payment_url);
      // The URL comes from a payment provider; only http(s) may be opened.
      if (!["http:", "https:"].includes(page.protocol)) throw new Error("Адрес страницы оплаты непригоден");
      location.assign(page);
    } catch (error) {
      const ofAmount = error.code === "INVALID_AMOUNT" || (error.fields || []).some((problem) => problem.field === "amount_rub");
      if (ofAmount) {
        field.mark((error.fields && error.fields[0] && error.fields[0].message) || error.message);
        field.focus();
      } else {
        failure.show(error.message);
      }
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(submit, pay);
  });
  return [...heading, form];
}

const OUTCOME = {
  pending: ["Ждём подтверждения оплаты", "Обычно это занимает несколько секунд."],
  completed: ["Оплата прошла", ""],
  failed: ["Оплата не прошла", "Деньги не списаны. Можно попробовать ещё раз."],
};

/** The return page of a payment: polls the status until it is final. */
export async function showPaid({ title, signal, refreshBalance }) {
  title("Оплата");
  const id = new URLSearchParams(location.search).get("payment_id") || sessionStorage.getItem(LAST_PAYMENT);
  if (!id) return [el("h1", {}, "Оплата"), el("p", {}, "Неизвестно, о какой оплате речь."), toTopUp()];
  const heading = el("h1", { id: "outcome" });
  const note = el("p", { class: "quiet" });
  const failure = alertBox();
  const links = el("div", { class: "actions" }, el("a", { class: "button secondary", href: "/easy-writer#/transactions" }, "К операциям"), toTopUp());
  const step = async () => {
    const payment = await get(`/payments/${encodeURIComponent(id)}/status`);
    const [text, more] = OUTCOME[payment.status] || [payment.status, ""];
    heading.dataset.status = payment.status;
    if (heading.textContent !== text) {
      heading.textContent = text;
      announce(text);
    }
    note.textContent = payment.status === "completed" ? `${rubles(payment.amount_rub)} → ${raitsInWords(payment.amount_raits)}` : more;
    return payment.status !== "pending";
  };
  const poll = async () => {
    while (!signal.aborted) {
      await new Promise((done) => setTimeout(done, POLL));
      if (signal.aborted) return;
      try {
        failure.clear();
        if (await step()) return refreshBalance();
      } catch (error) {
        failure.show(error.message);
        if (error.status >= 400 && error.status < 500 && error.status !== 429) return;
      }
    }
  };
  if (!(await step())) poll();
  else refreshBalance();
  return [heading, note, failure.box, links];
}

function toTopUp() {
  return el("a", { class: "button secondary", href: "/easy-writer#/top-up" }, "Пополнить баланс");
}

export async function showTransactions({ title }) {
  title("Операции");
  const load = async (offset) => {
    const { transactions, pagination } = await get(`/user/transactions?limit=${PAGE}&offset=${offset}`);
    return { items: transactions, pagination };
  };
  const draw = (transaction) => el("div", { class: "card row" },
    el("span", { class: "row-main" }, transaction.description),
    el("span", { class: "row-side small" },
      el("strong", { class: transaction.amount > 0 ? "gain" : "" }, `${transaction.amount > 0 ? "+" : ""}${raits(transaction.amount)}`),
      el("time", { class: "quiet", datetime: transaction.created_at }, when(transaction.created_at))));
  const list = pagedList(load, draw, "Операций пока нет.", { id: "transactions" });
  await list.next();
  return [el("h1", {}, "Операции"), list.element];
}
