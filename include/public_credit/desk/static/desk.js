// What moves on a page is fetched again while it moves: every part marked data-live, from the page's own address.
"use strict";
(function () {
  const every = 3000;
  function again() {
    const parts = document.querySelectorAll("[data-live]");
    if (!parts.length) return;
    if (document.hidden) { setTimeout(again, every); return; }
    fetch(location.href, { credentials: "same-origin", headers: { "X-Requested-By": "desk" } })
      .then(function (answer) { if (!answer.ok || answer.redirected) throw new Error("ended"); return answer.text(); })
      .then(function (text) {
        const fresh = new DOMParser().parseFromString(text, "text/html");
        parts.forEach(function (part) {
          const other = fresh.getElementById(part.id);
          if (other) part.replaceWith(document.importNode(other, true));
        });
        setTimeout(again, every);
      })
      .catch(function () { setTimeout(again, every * 5); });
  }
  setTimeout(again, every);
})();
