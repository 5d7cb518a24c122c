/* The web chat. No library. Texts only ever become text nodes. Written for old telephones (ES2017). */
(function () {
  "use strict";
  const body = document.body, root = document.documentElement;
  const packs = JSON.parse(body.dataset.packs);
  const $ = (id) => document.getElementById(id);
  const log = $("log"), loud = $("loud"), say = $("say"), newer = $("newer"), state = $("state");
  const HEADERS = { "Content-Type": "application/json", "X-Muster-Chat": "1" };
  const ICONS = {
    alert: ["M12 3.500l9.5 16.500H2.500z", "M12 10v4.5", "M12 17.200v.1"],
    drill: ["M4 21V4", "M4 5h13l-2.5 4 2.5 4H4"],
    pin: ["M12 21s7-6.3 7-11.500A7 7 0 0 0 5 9.500C5 14.7 12 21 12 21z", "M12 9.500v.1"],
    phone: ["M6.5 3.500h3l1.5 4-2 1.500a12 12 0 0 0 6 6l1.5-2 4 1.500v3a2 2 0 0 1-2 2A16 16 0 0 1 4.5 5.500a2 2 0 0 1 2-2z"]
  };

  // --- what this browser keeps; in private windows it may refuse, then memory must do
  const memory = {};
  const keep = {
    get: (key) => { try { return localStorage.getItem(key); } catch (_) { return memory[key] || null; } },
    set: (key, value) => { memory[key] = value; try { localStorage.setItem(key, value); } catch (_) { /* memory has it */ } },
    drop: (key) => { delete memory[key]; try { localStorage.removeItem(key); } catch (_) { /* gone anyway */ } },
    keys: () => { try { return Object.keys(localStorage).concat(Object.keys(memory)); } catch (_) { return Object.keys(memory); } }
  };
  const QUEUE = "muster.queue.";

  // --- words
  let language = root.lang, words = packs[language];
  function speak(to) {
    if (!packs[to] || to === language) return;
    language = to; words = packs[to];
    keep.set("muster.language", to);
    root.lang = to;
    root.dir = words.dir;
    document.querySelectorAll("[data-say]").forEach((node) => { node.textContent = words[node.dataset.say]; });
    document.querySelectorAll("[data-say-label]").forEach((node) => { node.setAttribute("aria-label", words[node.dataset.sayLabel]); });
    document.querySelectorAll("[data-say-placeholder]").forEach((node) => { node.placeholder = words[node.dataset.sayPlaceholder]; });
    document.title = words.title + " – " + body.dataset.ministry;
    $("state-words").textContent = words[state.dataset.state];
    document.querySelectorAll("[data-own]").forEach((node) => { node.lastChild.textContent = words[node.dataset.own]; });
  }

  // --- small builders
  function el(tag, cls, text) {
    const node = document.createElement(tag);
    if (cls) node.className = cls;
    if (text !== undefined) node.textContent = text;
    return node;
  }
  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    ICONS[name].forEach((d) => {
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("d", d);
      svg.appendChild(path);
    });
    return svg;
  }
  // Web addresses and international numbers can be tapped; everything else stays plain text.
  const TAP = /(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]])|(\+\d[\d ()-]{6,17}\d)/g;
  function fill(node, text) {
    let from = 0;
    text.replace(TAP, (whole, web, number, at) => {
      node.appendChild(document.createTextNode(text.slice(from, at)));
      const link = el("a", "", whole);
      link.href = web ? whole : "tel:" + number.replace(/[^+\d]/g, "");
      if (web) { link.target = "_blank"; link.rel = "noopener noreferrer"; }
      else link.dir = "ltr";
      node.appendChild(link);
      from = at + whole.length;
      return whole;
    });
    node.appendChild(document.createTextNode(text.slice(from)));
  }
  function uuid() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.prototype.map.call(bytes, (b) => (b + 256).toString(16).slice(1)).join("");
  }

  // --- the log
  const shown = {};          // message ids and the ids of own messages -> article
  let last = 0, lastDay = "", loading = true, unread = 0;
  const nearEnd = () => root.scrollHeight - window.innerHeight - window.scrollY < 140;
  function toEnd() { window.scrollTo(0, root.scrollHeight); newer.hidden = true; }
  // A message taller than the screen is shown from its first line.
  function bring(article) {
    const room = window.innerHeight - document.querySelector(".top").offsetHeight - $("composer").offsetHeight;
    if (article.offsetHeight > room) article.scrollIntoView({ block: "start" }); else toEnd();
  }
  function measure() { root.style.setProperty("--top", document.querySelector(".top").offsetHeight + "px"); }
  function day(when) {
    const key = when.toDateString();
    if (key === lastDay) return;
    lastDay = key;
    const now = new Date(), before = new Date(now - 864e5);
    const name = key === now.toDateString() ? words.today : key === before.toDateString() ? words.yesterday
      : when.toLocaleDateString(language, { day: "numeric", month: "long", year: "numeric" });
    log.appendChild(el("p", "day", name));
  }
  function place(article, when, mine) {
    const follow = mine || loading || nearEnd();
    day(when);
    if (!loading) article.classList.add("new");
    log.appendChild(article);
    if (loading) return;
    if (follow) bring(article); else newer.hidden = false;
    if (document.hidden && !mine) { unread += 1; document.title = "(" + unread + ") " + words.title; }
  }
  function under(article, when) {
    const line = el("p", "under");
    const time = el("time", "", when.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" }));
    time.dateTime = when.toISOString();
    time.dir = words.dir;
    line.appendChild(time);
    line.appendChild(el("span", "fate"));
    article.appendChild(line);
  }
  function note(text) {
    const line = el("p", "note", text);
    line.setAttribute("role", "status");
    log.appendChild(line);
    toEnd();
  }
  function showOwn(own, when, fate) {
    let article = shown[own.client];
    if (!article) {
      article = el("article", "mine");
      article.appendChild(el("span", "unseen", words.you + ": "));
      const bubble = el("div", "bubble");
      bubble.dir = "auto";
      const special = { pin: ["pin", "you_location"], contact: ["phone", "you_phone"] }[own.what];
      if (special) {
        bubble.appendChild(icon(special[0]));
        bubble.appendChild(el("span", "", words[special[1]]));
        bubble.dataset.own = special[1];
        bubble.removeAttribute("dir");
      } else fill(bubble, own.text);
      article.appendChild(bubble);
      under(article, when);
      shown[own.client] = article;
      place(article, when, true);
    }
    if (article.dataset.state !== "sent") {
      article.dataset.state = fate;
      const span = article.querySelector(".fate");
      span.dataset.say = fate;
      span.textContent = words[span.dataset.say];
    }
    if (own.button) press(own.button);
  }
  function press(data) {
    const all = log.querySelectorAll(".choice[data-press]");
    for (let i = all.length - 1; i >= 0; i -= 1) {
      if (all[i].dataset.press !== data) continue;
      all[i].parentNode.querySelectorAll("[aria-pressed]").forEach((other) => other.setAttribute("aria-pressed", "false"));
      all[i].setAttribute("aria-pressed", "true");
      return;
    }
  }
  function choice(label, act, cls) {
    const button = el("button", "choice" + (cls ? " " + cls : ""));
    button.type = "button";
    button.appendChild(document.createTextNode(label));
    button.addEventListener("click", act);
    return button;
  }
  function choices(message, pack) {
    const box = el("div", "choices");
    if (message.ask === "location") {
      const share = choice(message.ask_label || pack.share_location, () => locate(share));
      share.insertBefore(icon("pin"), share.firstChild);
      box.appendChild(share);
    }
    if (message.ask === "contact") box.appendChild(phoneForm(message.ask_label || pack.share_contact, pack));
    (message.buttons || []).forEach((one) => {
      const kind = /^(safe|help):/.exec(one.data);
      const button = choice(one.label, () => send({ button: one.data, label: one.label }, { what: "button", text: one.label, button: one.data }), kind ? kind[1] : "");
      button.dataset.press = one.data;
      button.setAttribute("aria-pressed", "false");
      box.appendChild(button);
    });
    return box.firstChild ? box : null;
  }
  function phoneForm(label, pack) {
    const form = el("form", "phone"), name = el("label", "", label), input = el("input");
    input.type = "tel"; input.autocomplete = "tel"; input.inputMode = "tel"; input.placeholder = "+"; input.dir = "ltr";
    name.appendChild(input);
    form.appendChild(name);
    const button = el("button", "choice", pack.send);
    form.appendChild(button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const number = input.value.trim(), old = form.querySelector(".bad");
      if (old) old.remove();
      if (!/^\+[0-9 ()./-]{5,31}$/.test(number)) {
        const bad = el("p", "bad", pack.phone_bad);
        bad.setAttribute("role", "alert");
        form.appendChild(bad);
        input.setAttribute("aria-invalid", "true");
        input.focus();
        return;
      }
      input.removeAttribute("aria-invalid");
      send({ contact: number }, { what: "contact", text: "" });
      input.value = "";
    });
    return form;
  }
  function showTheirs(message) {
    const when = new Date(message.at), pack = packs[message.lang] || words;
    const article = el("article", message.kind), framed = message.kind === "alert" || message.kind === "drill";
    const bubble = el("div", "bubble");
    article.lang = bubble.lang = message.lang;
    article.dir = message.dir;
    if (framed) {
      // The first line names the danger.
      const cut = (message.text + "\n").indexOf("\n"), head = el("strong");
      fill(head, message.text.slice(0, cut));
      bubble.appendChild(head);
      fill(bubble, message.text.slice(cut));
    } else fill(bubble, message.text);
    const box = choices(message, pack);
    if (framed) {
      const frame = el("div", "framed"), flag = el("p", "flag");
      flag.appendChild(icon(message.kind));
      flag.appendChild(el("span", "", pack[message.kind]));
      frame.appendChild(flag);
      frame.appendChild(bubble);
      if (box) frame.appendChild(box);
      if (message.kind === "drill") {
        const end = el("p", "flag last", pack.drill);
        end.setAttribute("aria-hidden", "true");
        frame.appendChild(end);
      }
      article.appendChild(frame);
      if (!message.seen) {
        loud.lang = message.lang;
        loud.textContent = pack[message.kind] + ". " + message.text;
        if (navigator.vibrate) { try { navigator.vibrate([300, 150, 300]); } catch (_) { /* not allowed yet */ } }
      }
    } else {
      article.appendChild(el("span", "unseen", pack.us + ": "));
      article.appendChild(bubble);
      if (box) article.appendChild(box);
      speak(message.lang);
    }
    under(article, when);
    shown[message.id] = article;
    place(article, when, false);
    if (framed && !loading) bring(article);
  }
  function show(message) {
    last = Math.max(last, Number(message.id));
    if (message.from === "you") {
      keep.drop(QUEUE + message.client);
      showOwn(message, new Date(message.at), "sent");
      return;
    }
    if (!shown[message.id]) showTheirs(message);
    if (!message.seen) acknowledge(message.id);
  }

  // --- what goes out: kept in this browser until the server has stored it
  let sending = false, tries = 0, pump = 0, refusedBefore = false;
  function queued() {
    const found = {};
    keep.keys().forEach((key) => {
      if (key.indexOf(QUEUE) !== 0) return;
      try { found[key] = JSON.parse(keep.get(key)); } catch (_) { keep.drop(key); }
    });
    return Object.keys(found).map((key) => found[key]).filter(Boolean).sort((a, b) => a.at - b.at || a.order - b.order);
  }
  let order = 0;
  function send(what, own) {
    const id = uuid(), at = own ? Date.now() : 0; // a greeting goes before what waits from before
    order += 1;
    keep.set(QUEUE + id, JSON.stringify({ id: id, at: at, order: order, say: what, own: own }));
    if (own) showOwn(Object.assign({ client: id }, own), new Date(at), "waiting");
    tries = 0;
    flush();
  }
  function post(path, value) {
    const abort = window.AbortController ? new AbortController() : null;
    const timer = setTimeout(() => { if (abort) abort.abort(); }, 20000);
    return fetch(path, { method: "POST", headers: HEADERS, body: JSON.stringify(value), credentials: "same-origin", signal: abort ? abort.signal : undefined })
      .then((answer) => { clearTimeout(timer); return answer; }, (error) => { clearTimeout(timer); throw error; });
  }
  function lostChat() {
    // The cookie is gone or unknown: a new page brings a new one. Not more than once a minute.
    if (Date.now() - Number(keep.get("muster.reload") || 0) < 60000) return false;
    keep.set("muster.reload", String(Date.now()));
    keep.drop("muster.started.");
    location.reload();
    return true;
  }
  function flush() {
    clearTimeout(pump);
    if (sending) return;
    const item = queued()[0];
    if (!item) return;
    sending = true;
    const again = (ms) => { sending = false; pump = setTimeout(flush, ms); };
    const backOff = () => {
      tries += 1;
      if (tries > 2 && item.own) showOwn(Object.assign({ client: item.id }, item.own), new Date(item.at), "failed");
      again(Math.min(30000, 500 * Math.pow(2, tries)) * (0.5 + Math.random()));
    };
    post("/chat/messages", Object.assign({ id: item.id }, item.say)).then((answer) => {
      if (answer.status === 202) {
        tries = 0;
        keep.drop(QUEUE + item.id);
        if (item.own) showOwn(Object.assign({ client: item.id }, item.own), new Date(item.at), "sent");
        again(0);
      } else if (answer.status === 429 || answer.status === 503) {
        if (answer.status === 429 && tries === 0) note(words.busy);
        tries += 1;
        again(1000 * Math.max(Number(answer.headers.get("Retry-After")) || 2, Math.min(30, tries)));
      } else if (answer.status === 403) {
        if (!lostChat()) { if (!refusedBefore) note(words.storage_off); refusedBefore = true; backOff(); }
      } else if (answer.status === 408 || answer.status >= 500) backOff();
      else {
        keep.drop(QUEUE + item.id);
        if (item.own) showOwn(Object.assign({ client: item.id }, item.own), new Date(item.at), answer.status === 413 ? "too_long" : "refused");
        again(0);
      }
    }, backOff);
  }

  // --- acknowledgements: without one a message counts as not arrived and comes again
  let toAck = {}, ackTimer = 0;
  function acknowledge(id) {
    toAck[id] = true;
    clearTimeout(ackTimer);
    ackTimer = setTimeout(sendAcks, 150);
  }
  function sendAcks() {
    const ids = Object.keys(toAck).slice(0, 100);
    return post("/chat/acks", { ids: ids }).then((answer) => {
      if (answer.status === 204) ids.forEach((id) => { delete toAck[id]; });
      if (Object.keys(toAck).length) { clearTimeout(ackTimer); ackTimer = setTimeout(sendAcks, answer.ok ? 150 : 10000); }
      return answer.status;
    }, () => { clearTimeout(ackTimer); ackTimer = setTimeout(sendAcks, 10000); return 0; });
  }

  // --- what comes in
  let source = null, attempts = 0, retry = 0, watchdog = 0;
  function setState(name) {
    if (state.dataset.state === name) return;
    state.dataset.state = name;
    $("state-words").textContent = words[name];
    measure();
  }
  function alive() {
    clearTimeout(watchdog);
    watchdog = setTimeout(lost, 45000); // three beats missed
  }
  function connect() {
    clearTimeout(retry);
    if (source) source.close();
    if (attempts > 0 || state.dataset.state !== "offline") setState(attempts > 1 ? "offline" : last ? "reconnecting" : "connecting");
    source = new EventSource("/chat/events?history=1" + (last ? "&after=" + last : ""));
    source.addEventListener("open", () => { attempts = 0; setState("connected"); alive(); tries = 0; flush(); });
    source.addEventListener("message", (event) => { alive(); show(JSON.parse(event.data)); });
    source.addEventListener("beat", alive);
    source.addEventListener("ready", ready);
    source.addEventListener("error", lost);
    alive();
  }
  function lost() {
    clearTimeout(watchdog);
    if (source) source.close();
    source = null;
    attempts += 1;
    if (attempts > 1 || !navigator.onLine) setState("offline"); else setState("reconnecting");
    clearTimeout(retry);
    retry = setTimeout(probe, Math.min(30000, 500 * Math.pow(2, attempts)) * (0.5 + Math.random()));
  }
  function probe() {
    // A stream does not say why it was refused; a request does.
    if (attempts < 3) { connect(); return; }
    sendAcks().then((status) => { if (status !== 403 || !lostChat()) connect(); });
  }
  function now() { if (!source) { attempts = Math.min(attempts, 1); tries = 0; connect(); flush(); } }
  function ready() {
    if (!loading) return;
    queued().forEach((item) => { if (item.own) showOwn(Object.assign({ client: item.id }, item.own), new Date(item.at), "waiting"); });
    loading = false;
    log.setAttribute("aria-busy", "false");
    measure();
    if (log.lastElementChild) bring(log.lastElementChild);
  }
  function greet() {
    const join = (/[?&]join=(drill-[A-Za-z0-9_.~=-]{1,200})(?:&|$)/.exec(location.search) || [])[1] || "";
    if (join) history.replaceState(null, "", "/chat");
    const mark = "muster.started." + join, recent = Date.now() - Number(keep.get(mark) || 0) < 60000;
    if (recent || (!join && !("fresh" in body.dataset))) return;
    delete body.dataset.fresh;
    keep.set(mark, String(Date.now()));
    send({ start: join }, null);
  }

  // --- where am I
  function locate(button) {
    const failed = (key) => {
      if (button) button.removeAttribute("aria-disabled");
      note(words[key]);
      say.focus();
    };
    if (!navigator.geolocation || !window.isSecureContext) { failed("location_failed"); return; }
    if (button) {
      if (button.getAttribute("aria-disabled")) return;
      button.setAttribute("aria-disabled", "true");
    }
    loud.lang = language;
    loud.textContent = words.locating;
    navigator.geolocation.getCurrentPosition((found) => {
      if (button) button.removeAttribute("aria-disabled");
      send({ location: { lat: found.coords.latitude, lon: found.coords.longitude } }, { what: "pin", text: "" });
    }, () => failed("location_failed"),
    { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 });
  }

  // --- the composer
  function grow() { say.style.height = "auto"; say.style.height = Math.min(say.scrollHeight + 4, 144) + "px"; }
  function submit() {
    const text = say.value.trim();
    if (!text) { say.focus(); return; }
    say.value = "";
    grow();
    send({ text: text }, { what: "text", text: text });
    say.focus();
  }
  $("composer").addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  say.addEventListener("input", grow);
  say.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); submit(); }
  });
  $("here").addEventListener("click", () => locate($("here")));
  newer.addEventListener("click", () => { toEnd(); say.focus(); });
  const menu = document.querySelector(".menu");
  menu.addEventListener("click", (event) => {
    const button = event.target.closest("[data-command]");
    if (!button) return;
    menu.open = false;
    say.focus();
    send({ text: button.dataset.command }, { what: "text", text: button.textContent });
  });
  document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.open) { menu.open = false; menu.querySelector("summary").focus(); }
  });
  window.addEventListener("resize", measure);
  window.addEventListener("scroll", () => { if (nearEnd()) newer.hidden = true; }, { passive: true });
  window.addEventListener("online", () => { lost(); now(); });
  window.addEventListener("offline", () => setState("offline"));
  window.addEventListener("pagehide", () => { if (source) source.close(); source = null; clearTimeout(retry); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) now(); });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    unread = 0;
    document.title = words.title + " – " + body.dataset.ministry;
    now();
  });
  speak(keep.get("muster.language"));
  greet();
  connect();
  flush();
})();
