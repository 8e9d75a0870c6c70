/* global document */
// Each button fetches the route it names and shows the answer. The browser adds the session's cookie.
const answer = document.getElementById('answer')

for (const button of document.querySelectorAll('button[data-url]')) {
  button.addEventListener('click', async () => {
    const response = await fetch(button.dataset.url)
    const body = JSON.stringify(await response.json(), null, 2)
    answer.textContent = `GET ${button.dataset.url}: ${response.status} ${response.statusText}\n${body}`
  })
}
