/* global document */
// Each button fetches the route it names and shows the answer. The browser adds the session's cookie.
const answer = document.getElementById('answer')

for (const button of document.querySelectorAll('button[data-url]')) {
  button.addEventListener('click', async () => {
    const { url } = button.dataset
    answer.textContent = `GET ${url}: ${await answerOf(url).catch(({ message }) => `No answer: ${message}`)}`
  })
}

async function answerOf (url) {
  const response = await fetch(url)
  return `${response.status} ${response.statusText}\n${JSON.stringify(await response.json(), null, 2)}`
}
