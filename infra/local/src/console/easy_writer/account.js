// Registration, sign-in, OAuth return, and the profile.

import { call, enter, get, keepToken, origin } from "./api.js";
import { alertBox, busy, count, el, when } from "./dom.js";
import { labelled } from "./form.js";

const FAILURES = {
  access_denied: "Вход отменён.",
  state_mismatch: "Вход начат в другом окне или слишком давно. Попробуйте ещё раз.",
  invalid_code: "Ссылка для входа уже использована или устарела. Попробуйте ещё раз.",
  provider_unavailable: "Сервис входа не отвечает. Попробуйте позже.",
  provider_not_configured: "Этот способ входа не настроен.",
  email_not_verified: "Адрес почты занят, а сервис входа не подтвердил, что он ваш. Войдите с паролем.",
  rate_limited: "Слишком много попыток. Попробуйте позже.",
  server_error: "Не удалось войти. Попробуйте ещё раз.",
};

const PROVIDERS = { local: "почта и пароль", google: "Google", yandex: "Яндекс" };

/**
 * Reads the result of an OAuth sign-in from the fragment, after removing it from the address and the history. Returns `{ error }`, or `{}` if the
 * user is signed in.
 */
export function finishSignIn() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
  const token = fragment.get("access_token");
  if (token) {
    keepToken(token);
    return {};
  }
  return { error: FAILURES[fragment.get("error")] || FAILURES.server_error };
}

/** The sign-in card. */
export function showSignIn({ title, signedIn }, problem) {
  title("Вход");
  const failure = alertBox();
  if (problem) failure.show(problem);
  const email = el("input", { name: "email", type: "email", autocomplete: "username" });
  const password = el("input", { name: "password", type: "password", autocomplete: "current-password" });
  const fields = {
    email: labelled("Почта", email, { required: true }),
    password: labelled("Пароль", password, { required: true, hint: "Не короче 8 знаков" }),
  };
  const submit = (path) => async () => {
    failure.clear();
    Object.values(fields).forEach(({ mark }) => mark(""));
    try {
      await enter(path, { email: email.value, password: password.value });
      await signedIn();
    } catch (error) {
      const known = (error.fields || []).filter(({ field }) => fields[field]);
      known.forEach(({ field, message }) => fields[field].mark(message));
      if (known.length) fields[known[0].field].focus();
      else failure.show(error.message);
    }
  };
  const logIn = el("button", { type: "submit" }, "Войти");
  const register = el("button", { type: "button", class: "secondary" }, "Зарегистрироваться");
  const form = el("form", { id: "sign-in", class: "card narrow", novalidate: true },
    el("h1", {}, "Вход"),
    fields.email.row, fields.password.row, failure.box,
    el("div", { class: "actions" }, logIn, register),
    el("p", { class: "or quiet small" }, "или"),
    el("div", { class: "actions stacked" },
      el("a", { class: "button secondary", href: `${origin}/api/v1/auth/google` }, "Войти через Google"),
      el("a", { class: "button secondary", href: `${origin}/api/v1/auth/yandex` }, "Войти через Яндекс")),
    el("p", { class: "quiet small" }, "За регистрацию — 100 Ꝑ в подарок."));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(logIn, submit("/auth/login"));
  });
  register.addEventListener("click", () => busy(register, submit("/auth/register")));
  return [form];
}

export async function showProfile({ title, refreshBalance }) {
  title("Профиль");
  const profile = await get("/user/profile");
  const facts = [
    ["Почта", profile.email || "не указана"],
    ["Вход", PROVIDERS[profile.provider] || profile.provider],
    ["Готовых работ", count(profile.total_generations)],
    ["С нами с", when(profile.created_at)],
  ];
  const name = el("input", { name: "name", type: "text", autocomplete: "name", value: profile.name || "" });
  const field = labelled("Имя", name, { required: true });
  const done = () => refreshBalance();
  const nameForm = simpleForm("Сохранить", [["name", field]], () => call("PUT", "/user/profile", { name: name.value }), "Сохранено", done);
  const parts = [
    el("h1", {}, "Профиль"),
    el("dl", { class: "facts card" }, facts.map(([term, value]) => [el("dt", {}, term), el("dd", {}, value)])),
    nameForm,
  ];
  if (profile.provider === "local") {
    const current = el("input", { name: "current_password", type: "password", autocomplete: "current-password" });
    const fresh = el("input", { name: "new_password", type: "password", autocomplete: "new-password" });
    const fields = [
      ["current_password", labelled("Нынешний пароль", current, { required: true })],
      ["new_password", labelled("Новый пароль", fresh, { required: true, hint: "Не короче 8 знаков" })],
    ];
    const change = () => call("PUT", "/user/password", { current_password: current.value, new_password: fresh.value });
    const clear = () => {
      current.value = "";
      fresh.value = "";
    };
    parts.push(el("h2", {}, "Смена пароля"), simpleForm("Сменить пароль", fields, change, "Пароль изменён, на других устройствах нужно войти заново", clear));
  }
  return parts;
}

function simpleForm(label, fields, work, success, done) {
  const failure = alertBox();
  const note = el("span", { class: "quiet small", role: "status" });
  const submit = el("button", { type: "submit" }, label);
  const form = el("form", { class: "card", novalidate: true }, fields.map(([, { row }]) => row), failure.box, el("div", { class: "actions" }, submit, note));
  const run = async () => {
    failure.clear();
    note.textContent = "";
    fields.forEach(([, { mark }]) => mark(""));
    try {
      await work();
      note.textContent = success;
      done();
    } catch (error) {
      const known = (error.fields || []).map((problem) => [fields.find(([name]) => name === problem.field), problem.message]).filter(([found]) => found);
      known.forEach(([[, { mark }], message]) => mark(message));
      if (known.length) known[0][0][1].focus();
      else failure.show(error.message);
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(submit, run);
  });
  return form;
}
