// Resolved when nothing in a widget has changed for 80 milliseconds, or after a second of constant change.
(widget) =>
  new Promise((resolve) => {
    const observer = new MutationObserver(() => wait());
    const limit = setTimeout(done, 1000);
    let quiet;
    function wait() {
      clearTimeout(quiet);
      quiet = setTimeout(done, 80);
    }
    function done() {
      clearTimeout(limit);
      clearTimeout(quiet);
      observer.disconnect();
      resolve();
    }
    observer.observe(widget, { subtree: true, childList: true, characterData: true, attributes: true });
    wait();
  });
