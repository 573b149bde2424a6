// What is under way is shown as it goes on: a round trip by pressing "Look again" every second, the history by reading
// the page again. Without a script the buttons and a reload do the same.
(() => {
  const renew = async (id, every, verb) => {
    const shown = document.getElementById(id);
    if (!shown || !("running" in shown.dataset)) return;
    const form = verb && shown.querySelector("form");
    const options = form ? { method: "POST", body: new FormData(form) } : {};
    if (form) options.body.set("verb", verb);
    const answer = await fetch(location.href, options);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(id);
    if (fresh) shown.replaceWith(fresh);
    setTimeout(renew, every, id, every, verb);
  };
  setTimeout(renew, 1000, "trip", 1000, "look");
  setTimeout(renew, 2000, "history", 2000, "");
})();
