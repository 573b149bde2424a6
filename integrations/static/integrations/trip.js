// While a round trip is under way: presses "Look again" every second and shows what it finds. Without a script the
// button does the same.
(() => {
  const look = async () => {
    const trip = document.getElementById("trip");
    if (!trip || !("running" in trip.dataset)) return;
    const form = trip.querySelector("form");
    if (!form) return;
    const body = new FormData(form);
    body.set("verb", "look");
    const answer = await fetch(location.href, { method: "POST", body });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("trip");
    if (fresh) trip.replaceWith(fresh);
    setTimeout(look, 1000);
  };
  setTimeout(look, 1000);
})();
