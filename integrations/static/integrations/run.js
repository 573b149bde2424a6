// While a pass is under way: reads the page again every two seconds and shows how far it is. Without a script, reload.
(() => {
  const look = async () => {
    const run = document.getElementById("run");
    if (!run || !("running" in run.dataset)) return;
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("run");
    if (fresh) run.replaceWith(fresh);
    setTimeout(look, 2000);
  };
  setTimeout(look, 2000);
})();
