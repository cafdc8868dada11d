// While a replay is under way its part of the page is fetched anew; without this script the page
// shows how far it is whenever it is loaded again.
const place = document.querySelector(".replayed");

async function look() {
  const answer = await fetch(location.href, { headers: { "X-Requested-With": "fetch" } });
  if (answer.ok) place.innerHTML = await answer.text();
}

async function watch() {
  while (place.querySelector(".waiting")) {
    await new Promise((wake) => setTimeout(wake, 1000));
    await look().catch(() => {});
  }
}

watch();
