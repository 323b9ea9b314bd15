// Pictures: ordering, watching, enlarging, and the gallery.

import { Once, fileUrl, get } from "./api.js";
import { action, alertBox, busy, el, pagedList, raits, when } from "./dom.js";
import { labelled } from "./form.js";
import { percentage } from "./progress.js";
import { STATUS } from "./sessions.js";
import { watch } from "./watch.js";

const PAGE = 12;
const FORMATS = [
  ["web", "Для сайта, 1024 × 1024"],
  ["banner", "Баннер, 2048 × 1024"],
  ["print", "Для печати, 2048 × 2048"],
  ["messenger", "Для мессенджера, 512 × 512"],
];
const STYLES = [
  ["DEFAULT", "Обычный"],
  ["KANDINSKY", "Кандинский"],
  ["UHD", "Детальное фото"],
  ["ANIME", "Аниме"],
];

const select = (name, options) => el("select", { name }, options.map(([value, text]) => el("option", { value }, text)));

/** The form and the gallery. */
export async function showImages({ title, refreshBalance, go }) {
  title("Изображения");
  const prompt = el("textarea", { name: "prompt", rows: 3 });
  const format = select("format", FORMATS);
  const style = select("style", STYLES);
  const fields = {
    prompt: labelled("Что нарисовать", prompt, { required: true, hint: "До 1000 знаков" }),
    format: labelled("Формат", format, { required: true }),
    style: labelled("Стиль", style, { required: true }),
  };
  const failure = alertBox();
  const submit = el("button", { type: "submit" }, "Нарисовать");
  const form = el("form", { class: "card", novalidate: true },
    fields.prompt.row, el("div", { class: "columns" }, fields.format.row, fields.style.row), failure.box, el("div", { class: "actions" }, submit));
  const once = new Once();
  const order = async () => {
    failure.clear();
    Object.values(fields).forEach(({ mark }) => mark(""));
    try {
      const body = { prompt: prompt.value, format: format.value, style: style.value };
      const image = await once.call("POST", "/images/generate", body);
      refreshBalance();
      go(`#/image/${image.image_id}`);
    } catch (error) {
      const known = (error.fields || []).filter(({ field }) => fields[field]);
      known.forEach(({ field, message }) => fields[field].mark(message));
      if (known.length) fields[known[0].field].focus();
      else failure.show(error.message);
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(submit, order);
  });
  const load = async (offset) => {
    const { images, pagination } = await get(`/images?limit=${PAGE}&offset=${offset}`);
    return { items: images, pagination };
  };
  const gallery = pagedList(load, thumbnail, "Здесь появятся ваши изображения.", { id: "gallery", class: "gallery plain-list" });
  await gallery.next();
  return [el("h1", {}, "Изображения"), form, el("h2", {}, "Галерея"), gallery.element];
}

function thumbnail(image) {
  const url = fileUrl(image.thumbnail_url);
  const picture = url
    ? el("img", { src: url, alt: "", loading: "lazy", width: 320, height: image.format === "banner" ? 160 : 320 })
    : el("span", { class: "no-picture quiet small" }, STATUS[image.status] || "в работе");
  return el("a", { class: "thumbnail", href: `#/image/${image.image_id}` },
    picture, el("span", { class: "small preview" }, image.prompt));
}

/** One picture: live progress, then its larger copies. */
export async function showImage({ title, signal, refreshBalance }, id) {
  title("Изображение");
  const path = `/images/${encodeURIComponent(id)}`;
  const failure = alertBox();
  const stage = el("div", { class: "output" });
  const facts = el("p", { class: "quiet small" });
  const prompt = el("p", {});
  const once = new Once();

  const draw = async () => {
    const image = await get(path);
    prompt.textContent = image.prompt;
    const size = image.width ? `${image.width} × ${image.height} · ` : "";
    facts.textContent = `${size}${when(image.created_at)}${image.status === "completed" ? ` · списано ${raits(image.cost_raits)}` : ""}`;
    if (image.status === "processing") return image;
    stage.replaceChildren();
    if (image.status === "failed" && !fileUrl(image.url)) {
      failure.show("Нарисовать не удалось, Райты не списаны.");
      return image;
    }
    stage.append(finished(image, enlarge));
    return image;
  };

  const follow = async (label, websocketUrl) => {
    const bar = percentage(label);
    stage.append(bar.element);
    let end = null;
    await watch(websocketUrl, {
      signal,
      onEvent(event) {
        bar.handle(event);
        if (event.event === "completed" || event.event === "error") end = event;
      },
      onLost: () => failure.show("Связь потеряна. Работа продолжается: обновите страницу позже."),
    });
    if (!end || signal.aborted) return;
    await draw();
    if (end.event === "error") failure.show(end.message);
    refreshBalance();
  };

  const enlarge = async (scale) => {
    failure.clear();
    try {
      const { websocket_url: websocketUrl } = await once.call("POST", `${path}/upscale`, { scale });
      await follow(`Увеличиваем в ${scale} раза`, websocketUrl || `/ws/image/${encodeURIComponent(id)}`);
    } catch (error) {
      failure.show(error.message);
    }
  };

  const image = await draw();
  refreshBalance();
  if (image.status === "processing") {
    // Not awaited: the page is drawn while the picture is.
    follow(fileUrl(image.url) ? "Увеличиваем" : "Рисуем", `/ws/image/${encodeURIComponent(id)}`).catch((error) => failure.show(error.message));
  }
  return [el("p", { class: "small" }, el("a", { href: "#/images" }, "← Изображения")), el("h1", {}, "Изображение"), prompt, facts, stage, failure.box];
}

function finished(image, enlarge) {
  const url = fileUrl(image.url);
  const larger = fileUrl(image.upscaled_url);
  return el("figure", { class: "picture" },
    url ? el("img", { id: "picture", src: url, alt: image.prompt, width: image.width, height: image.height }) : null,
    el("figcaption", { class: "actions" },
      url ? el("a", { class: "button secondary", href: url, target: "_blank", rel: "noopener" }, "Открыть в полный размер") : null,
      [2, 4].map((scale) => action(`Увеличить ×${scale}`, () => enlarge(scale), { class: "secondary", "data-scale": scale })),
      larger ? el("a", { id: "upscaled", class: "button secondary", href: larger, target: "_blank", rel: "noopener" }, "Открыть увеличенное") : null));
}
