// While something long is under way on the page: reads it again every two seconds and shows how far it is.
(() => {
  const again = async () => {
    const here = document.getElementById("progress");
    if (!here || !("running" in here.dataset)) return;
    const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
    const there = page.getElementById("progress");
    if (there) here.replaceWith(there);
    setTimeout(again, 2000);
  };
  setTimeout(again, 2000);
})();
