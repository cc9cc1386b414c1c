// The interface's texts in both languages, and their plurals. The language of answers is the questions' own.

const TEXTS = {
  en: {
    "skip": "Skip to the content", "nav": "Sections", "nav.ask": "Ask", "nav.library": "Library", "nav.experiments": "Experiments",
    "language": "Language of the page", "theme": "Light, dark or as the system", "reader": "Document",
    "hero.title": "Ask the reading list", "hero.lead": "Short answers in English and Russian, each sentence tied to the page and the words it rests on. Or an honest “the documents do not say”.",
    "question.label": "Your question", "question.placeholder": "What would you like to know? Each question is read alone.",
    "mode": "How to answer", "mode.rag": "With documents", "mode.compare": "Compare", "mode.closed_book": "Without",
    "scope.all": "All documents", "within": "Within", "scope.title": "Ask within", "scope.filter": "Filter by title", "scope.done": "Done", "scope.everything": "All documents",
    "options": "Options", "options.default": "as configured", "options.retriever": "Retriever", "options.hybrid": "hybrid", "options.dense": "dense (meaning)", "options.bm25": "BM25 (words)",
    "options.top_k": "Passages", "options.temperature": "Temperature", "options.seed": "Seed", "options.rerank": "Rerank", "options.verify": "Verify sentences", "options.abstain": "May abstain",
    "ask": "Ask", "stop": "Stop", "stopped": "Stopped.", "empty.question": "Type a question first.",
    "examples": "For example", "thinking": "Reading the documents…", "thinking.closed_book": "Thinking without documents…",
    "with": "With the documents", "without": "Without the documents, from memory", "unchecked": "Nothing backs this answer: it comes from the decoder’s memory alone.",
    "sources": "Sources", "further": "Also found", "page": "p. {page}", "quotation": "quoted word for word", "open.citation": "Source {number}: {title}, page {page}",
    "abstained": "No answer", "reason.no_hits": "no passage matches the question", "reason.low_relevance": "no passage is close enough to the question",
    "reason.not_answerable": "the passages found do not hold the answer", "reason.unsupported": "no sentence was supported by its source", "nearest": "The nearest passages",
    "other.language": "Found in a document in another language: the words are its own, not translated.",
    "anyway": "Show what comes nearest to an answer", "doubtful": "Shown at your wish although it is more likely not an answer: read it beside its source.",
    "hits": "Passages read", "score": "scores", "took": "{seconds} s", "decoder": "decoder", "confidence": "confidence {percent} %", "support": "supported by its source: {percent} %", "again": "Ask again", "copy": "Copy", "copied": "Copied.",
    "library.empty.hint": "The library is empty: add documents in the section Library, or run `lectern ingest corpus/`.",
    "library.empty": "The library is empty. Drop files above, or run `lectern ingest corpus/`.", "library.none": "No title matches.",
    "drop.title": "Drop files here", "drop.kinds": "PDF, Markdown, HTML, text, Jupyter notebooks, DOCX, EPUB", "drop.choose": "Choose files", "drop.url": "or paste a web address", "drop.add": "Add", "drop.here": "Drop to add to the library",
    "find.label": "Filter titles; Enter searches the texts", "find.texts": "Search the texts", "find.none": "No passage found.", "find.close": "Close results", "find.results": "Passages for “{query}”",
    "chosen.ask": "Ask within these", "chosen.clear": "Clear", "remove": "Remove", "remove.confirm": "Remove from the library?", "remove.note": "Its pages and passages go with it. The files you added it from stay where they are.", "cancel": "Cancel", "removed": "Removed.",
    "column.title": "Title", "column.pages": "Pages", "column.passages": "Passages", "column.size": "Size", "column.added": "Added", "column.choose": "Choose “{title}”", "choose.all": "Choose all shown", "remove.one": "Remove “{title}”",
    "reader.close": "Close the document", "reader.previous": "Previous page", "reader.next": "Next page", "reader.page": "Page", "reader.of": "of {pages}", "reader.file": "Original file", "reader.within": "Ask within it", "reader.gone": "This document is no longer in the library.", "reader.back": "Back to the quote", "reader.look": "How the page is shown", "reader.as.text": "Text", "reader.as.picture": "Page", "reader.picture": "Page {page} of “{title}” as it looks; its words are under “Text”", "reader.drawing": "The page is being drawn…", "reader.unmarked": "The quoted words could not be found on the picture: “Text” shows them.",
    "job.queued": "waiting", "job.running": "reading", "job.done": "done", "job.failed": "failed", "job.sending": "sending", "job.dismiss": "Dismiss",
    "file.added": "added", "file.updated": "updated", "file.unchanged": "already there", "file.failed": "failed",
    "experiments.lead": "The same questions answered in several ways, and what each does to hallucination. Runs go on when this page is closed.",
    "experiments.offers": "Start an experiment", "experiments.limit": "Questions", "experiments.limit.note": "spread over the set; empty or 0: all of them; a file keeps its own number unless you write one", "experiments.own": "Start from a file (TOML, JSON)…",
    "recorded": "Recorded {date}, {n} questions", "recorded.figures": "All figures (JSON)",
    "experiments.start": "Start", "experiments.start.one": "Start “{name}”", "experiments.runs": "Runs", "experiments.none": "Nothing has been run yet.", "experiments.started": "Started: {name}.",
    "run.queued": "waits for its turn", "run.loading": "getting ready", "run.running": "running", "run.stopping": "stopping", "run.stopped": "stopped", "run.failed": "failed", "run.done": "done",
    "run.stop": "Stop", "run.stop.one": "Stop “{name}”", "run.again": "Go on", "run.again.one": "Go on with “{name}”", "run.retry": "Try again", "run.dismiss": "Take off the list", "run.report": "Open the report", "run.save": "Save the report", "run.choose": "Choose “{name}” of {date} to compare",
    "run.answers": "{done} of {total} answers", "run.passages": "{prepared} of {to_prepare} passages made ready", "run.cached": "{cached} kept from before", "run.limit": "limit {limit}", "run.seed": "seed {seed}", "run.remaining": "about {time} left", "seconds": "{n} s", "minutes": "{n} min", "hours": "{n} h",
    "experiments.compare": "Compare", "experiments.choose.two": "Choose two runs to compare them.", "compare.working": "Comparing…", "compare.title": "Two runs side by side", "compare.close": "Close the comparison",
    "compare.shared": "Differences are A less B, in points of 100, on the {n} questions that both were asked; in bold those that stand after Holm’s correction.", "compare.unshared": "The runs share no questions, or no arms of the same name: there are figures, but no differences.", "compare.differs": "What they were made with", "compare.same": "Both were made with the same.",
    "compare.figure": "Figure", "compare.arm": "Arm", "compare.difference": "A − B", "compare.p": "p, Holm", "compare.all": "All questions", "compare.en": "English", "compare.ru": "Russian", "compare.every": "All figures", "compare.alone": "no interval: too few documents",
    "loading": "The models are being loaded; questions can be asked in a moment.", "offline": "The server does not answer. Is `lectern serve` still running?",
    "key.title": "This server asks for its API key", "key.label": "API key", "key.enter": "Use the key",
    "documents": { one: "{n} document", other: "{n} documents" }, "pages": { one: "{n} page", other: "{n} pages" }, "passages": { one: "{n} passage", other: "{n} passages" }, "chosen": { one: "{n} chosen", other: "{n} chosen" },
    "example": ["What does a KV cache store?", "How does FlashAttention make attention faster?", "Who proposed LoRA?", "Из каких трёх этапов состоит обучение чат-модели?"],
  },
  ru: {
    "skip": "К содержанию", "nav": "Разделы", "nav.ask": "Вопросы", "nav.library": "Библиотека", "nav.experiments": "Эксперименты",
    "language": "Язык страницы", "theme": "Светлая, тёмная или системная", "reader": "Документ",
    "hero.title": "Спросите у списка чтения", "hero.lead": "Короткие ответы на русском и английском: каждое предложение привязано к странице и словам, на которых оно держится. Или честное «в документах этого нет».",
    "question.label": "Ваш вопрос", "question.placeholder": "Что вы хотите узнать? Каждый вопрос читается отдельно.",
    "mode": "Как отвечать", "mode.rag": "По документам", "mode.compare": "Сравнить", "mode.closed_book": "По памяти",
    "scope.all": "Все документы", "within": "Только в", "scope.title": "Искать только в", "scope.filter": "Отбор по названию", "scope.done": "Готово", "scope.everything": "Все документы",
    "options": "Настройки", "options.default": "как настроено", "options.retriever": "Поиск", "options.hybrid": "гибридный", "options.dense": "векторный (смысл)", "options.bm25": "BM25 (слова)",
    "options.top_k": "Фрагментов", "options.temperature": "Температура", "options.seed": "Зерно", "options.rerank": "Переранжировать", "options.verify": "Проверять предложения", "options.abstain": "Можно не отвечать",
    "ask": "Спросить", "stop": "Стоп", "stopped": "Остановлено.", "empty.question": "Сначала введите вопрос.",
    "examples": "Например", "thinking": "Читаю документы…", "thinking.closed_book": "Отвечаю без документов…",
    "with": "По документам", "without": "Без документов, по памяти", "unchecked": "Этот ответ ничем не подтверждён: он взят только из памяти декодера.",
    "sources": "Источники", "further": "Ещё найдено", "page": "с. {page}", "quotation": "дословная цитата", "open.citation": "Источник {number}: {title}, страница {page}",
    "abstained": "Ответа нет", "reason.no_hits": "ни один фрагмент не подходит к вопросу", "reason.low_relevance": "все фрагменты слишком далеки от вопроса",
    "reason.not_answerable": "в найденных фрагментах ответа нет", "reason.unsupported": "ни одно предложение не подтвердилось источником", "nearest": "Ближайшие фрагменты",
    "other.language": "Найдено в документе на другом языке: это его слова, без перевода.",
    "anyway": "Показать, что ближе всего к ответу", "doubtful": "Показано по вашему желанию, хотя скорее это не ответ: сверьте с источником.",
    "hits": "Прочитанные фрагменты", "score": "оценки", "took": "{seconds} с", "decoder": "декодер", "confidence": "уверенность {percent} %", "support": "подтверждено источником: {percent} %", "again": "Спросить ещё раз", "copy": "Копировать", "copied": "Скопировано.",
    "library.empty.hint": "Библиотека пуста: добавьте документы в разделе «Библиотека» или выполните `lectern ingest corpus/`.",
    "library.empty": "Библиотека пуста. Перетащите файлы сюда или выполните `lectern ingest corpus/`.", "library.none": "Ничего с таким названием.",
    "drop.title": "Перетащите файлы сюда", "drop.kinds": "PDF, Markdown, HTML, текст, блокноты Jupyter, DOCX, EPUB", "drop.choose": "Выбрать файлы", "drop.url": "или вставьте адрес страницы", "drop.add": "Добавить", "drop.here": "Отпустите, чтобы добавить в библиотеку",
    "find.label": "Отбор по названию; Enter ищет в текстах", "find.texts": "Искать в текстах", "find.none": "Ничего не найдено.", "find.close": "Закрыть результаты", "find.results": "Фрагменты по запросу «{query}»",
    "chosen.ask": "Спросить по ним", "chosen.clear": "Снять выбор", "remove": "Удалить", "remove.confirm": "Удалить из библиотеки?", "remove.note": "Вместе с документом уйдут его страницы и фрагменты. Исходные файлы останутся на месте.", "cancel": "Отмена", "removed": "Удалено.",
    "column.title": "Название", "column.pages": "Страниц", "column.passages": "Фрагментов", "column.size": "Размер", "column.added": "Добавлен", "column.choose": "Выбрать «{title}»", "choose.all": "Выбрать все показанные", "remove.one": "Удалить «{title}»",
    "reader.close": "Закрыть документ", "reader.previous": "Предыдущая страница", "reader.next": "Следующая страница", "reader.page": "Страница", "reader.of": "из {pages}", "reader.file": "Исходный файл", "reader.within": "Спросить по нему", "reader.gone": "Этого документа в библиотеке больше нет.", "reader.back": "К цитате", "reader.look": "Как показывать страницу", "reader.as.text": "Текст", "reader.as.picture": "Страница", "reader.picture": "Страница {page} документа «{title}», как она выглядит; её слова — в режиме «Текст»", "reader.drawing": "Страница рисуется…", "reader.unmarked": "На изображении эти слова не нашлись: они отмечены в режиме «Текст».",
    "job.queued": "ждёт", "job.running": "читается", "job.done": "готово", "job.failed": "ошибка", "job.sending": "отправляется", "job.dismiss": "Скрыть",
    "file.added": "добавлен", "file.updated": "обновлён", "file.unchanged": "уже есть", "file.failed": "ошибка",
    "experiments.lead": "Одни и те же вопросы, на которые отвечают по-разному: как это меняет долю выдумок. Запуски продолжаются и при закрытой странице.",
    "experiments.offers": "Запустить эксперимент", "experiments.limit": "Вопросов", "experiments.limit.note": "равномерно по набору; пусто или 0 — все; файл сохраняет своё число, если не вписать другое", "experiments.own": "Запустить из файла (TOML, JSON)…",
    "recorded": "Записано {date}, вопросов: {n}", "recorded.figures": "Все показатели (JSON)",
    "experiments.start": "Запустить", "experiments.start.one": "Запустить «{name}»", "experiments.runs": "Запуски", "experiments.none": "Запусков ещё не было.", "experiments.started": "Запущен: {name}.",
    "run.queued": "ждёт очереди", "run.loading": "готовится", "run.running": "идёт", "run.stopping": "останавливается", "run.stopped": "остановлен", "run.failed": "ошибка", "run.done": "готов",
    "run.stop": "Остановить", "run.stop.one": "Остановить «{name}»", "run.again": "Продолжить", "run.again.one": "Продолжить «{name}»", "run.retry": "Повторить", "run.dismiss": "Убрать из списка", "run.report": "Открыть отчёт", "run.save": "Сохранить отчёт", "run.choose": "Выбрать «{name}» от {date} для сравнения",
    "run.answers": "ответов: {done} из {total}", "run.passages": "подготовлено фрагментов: {prepared} из {to_prepare}", "run.cached": "из них сохранено раньше: {cached}", "run.limit": "предел {limit}", "run.seed": "зерно {seed}", "run.remaining": "осталось около {time}", "seconds": "{n} с", "minutes": "{n} мин", "hours": "{n} ч",
    "experiments.compare": "Сравнить", "experiments.choose.two": "Чтобы сравнить, выберите два запуска.", "compare.working": "Сравниваю…", "compare.title": "Два запуска рядом", "compare.close": "Закрыть сравнение",
    "compare.shared": "Разность — A минус B, в пунктах из 100, на вопросах, заданных обоим (их {n}); жирным — те, что выдержали поправку Холма.", "compare.unshared": "У запусков нет общих вопросов или вариантов с одним названием: показатели есть, разностей нет.", "compare.differs": "Чем запуски различаются", "compare.same": "Всё, с чем они сделаны, одинаково.",
    "compare.figure": "Показатель", "compare.arm": "Вариант", "compare.difference": "A − B", "compare.p": "p по Холму", "compare.all": "Все вопросы", "compare.en": "Английские", "compare.ru": "Русские", "compare.every": "Все показатели", "compare.alone": "без интервала: слишком мало документов",
    "loading": "Модели загружаются; через несколько секунд можно будет задавать вопросы.", "offline": "Сервер не отвечает. Запущен ли ещё `lectern serve`?",
    "key.title": "Этот сервер просит ключ API", "key.label": "Ключ API", "key.enter": "Войти с ключом",
    "documents": { one: "{n} документ", few: "{n} документа", other: "{n} документов" }, "pages": { one: "{n} страница", few: "{n} страницы", other: "{n} страниц" }, "passages": { one: "{n} фрагмент", few: "{n} фрагмента", other: "{n} фрагментов" }, "chosen": { one: "Выбран {n}", few: "Выбрано {n}", other: "Выбрано {n}" },
    "example": ["Из каких трёх этапов состоит обучение чат-модели?", "Что хранит KV-кэш?", "Кто предложил LoRA?", "What does a KV cache store?"],
  },
};

const stored = localStorage.getItem("lectern.language");
export let language = stored in TEXTS ? stored : navigator.language.startsWith("ru") ? "ru" : "en";

export function setLanguage(chosen) {
  language = chosen;
  localStorage.setItem("lectern.language", chosen);
}

// text("page", {page: 3}) -> "p. 3"
export function text(key, values = {}) {
  const found = TEXTS[language][key] ?? TEXTS.en[key] ?? key;
  return fill(found, values);
}

// counted("pages", 3) -> "3 pages", in the language's plural
export function counted(key, n) {
  const forms = TEXTS[language][key];
  const form = forms[new Intl.PluralRules(language).select(n)] ?? forms.other;
  return fill(form, { n: n.toLocaleString(language) });
}

// decimal(1.23, 1) -> "1.2", in Russian "1,2"
export const decimal = (value, digits) => value.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });

export const examples = () => TEXTS[language].example;

export function fileSize(bytes) {
  const units = language === "ru" ? ["Б", "КБ", "МБ", "ГБ"] : ["B", "KB", "MB", "GB"];
  let step = 0;
  while (bytes >= 1000 && step < 3) { bytes /= 1000; step += 1; }
  return `${bytes.toLocaleString(language, { maximumFractionDigits: bytes < 10 && step ? 1 : 0 })} ${units[step]}`;
}

// A time to wait, in the largest unit that says enough: 40 s, 12 min, 3 h
export function duration(seconds) {
  const [unit, size] = seconds < 90 ? ["seconds", 1] : seconds < 5400 ? ["minutes", 60] : ["hours", 3600];
  return text(unit, { n: Math.max(1, Math.round(seconds / size)) });
}

export const dateAndTime = (iso) => new Date(iso).toLocaleString(language, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

export const shortDate = (iso) => new Date(iso).toLocaleDateString(language, { day: "numeric", month: "short", year: "numeric" });

// Fills every element that names its text: data-text, data-placeholder, data-title, data-label (aria-label).
export function fillPage() {
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = text(node.dataset.text);
  for (const node of document.querySelectorAll("[data-placeholder]")) node.placeholder = text(node.dataset.placeholder);
  for (const node of document.querySelectorAll("[data-title]")) {
    node.title = text(node.dataset.title);
    node.setAttribute("aria-label", node.title);
  }
  for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", text(node.dataset.label));
}

function fill(pattern, values) {
  return pattern.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
